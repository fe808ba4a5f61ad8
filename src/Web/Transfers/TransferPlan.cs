using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>What a transfer would do; nothing is written for it.</summary>
/// <param name="Source">Name and kind of the source, and what it has.</param>
/// <param name="Target">Name and kind of the target, and what it has.</param>
/// <param name="Rows">Rows to copy.</param>
/// <param name="Disk">Bytes that it needs at the target and that are free; null if the target is not on this machine.</param>
internal sealed record TransferPlan(TransferSide Source, TransferSide Target, long Rows, (long Needed, long Free)? Disk)
{
    // Of a small machine with a disk; a plan only tells minutes from hours.
    public const int RowsPerSecond = 30_000;

    /// <summary>What a run does, in this order.</summary>
    public static IReadOnlyList<string> Steps { get; } =
        ["bring the target's schema up to date", "copy readings, events, nodes, names and zones in chunks with a ledger", "compare both sides", "write a report"];

    /// <summary>Seconds of copying.</summary>
    public double Seconds => (double)Rows / RowsPerSecond;

    public bool IsDiskTooSmall => Disk is { } disk && disk.Free < disk.Needed;

    /// <summary>Reads both sides.</summary>
    /// <exception cref="TransferException">A side cannot be read, or cannot be what it should be.</exception>
    public static async Task<TransferPlan> ReadAsync(TransferStores stores, TransferAddress from, TransferAddress to, CancellationToken cancellationToken)
    {
        if (to.Kind == StoreKind.Csv) throw new TransferException("A CSV file can be a source only.");
        var source = await ReadSideAsync(stores, from, cancellationToken);
        if (to.IsFile && (!File.Exists(to.Place) || new FileInfo(to.Place).Length == 0))
            return Of(source, new(to.Place, to.Kind == StoreKind.DuckDb ? "a new DuckDB store" : "a new SQLite store", null), to);
        await using var target = stores.OpenSource(to);
        if (target is not StoreSource) throw new TransferException($"{to.Place} is a file of the {target.Kind}; the target must be another file, or a new one.");
        return Of(source, await TransferSide.OfAsync(target, cancellationToken), to);
    }

    /// <summary>The plan of two sides that were read.</summary>
    public static TransferPlan Of(TransferSide source, TransferSide target, TransferAddress to)
    {
        var contents = source.Contents!;
        return new(source, target, (contents.Readings ?? 0) + (to.Kind == StoreKind.DuckDb ? 0 : contents.Events ?? 0), to.IsFile ? (2 * contents.SizeBytes, FreeAt(to.Place)) : null);
    }

    private static async Task<TransferSide> ReadSideAsync(TransferStores stores, TransferAddress address, CancellationToken cancellationToken)
    {
        await using var side = stores.OpenSource(address);
        return await TransferSide.OfAsync(side, cancellationToken);
    }

    private static long FreeAt(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!; // It is created with the target.
        return new DriveInfo(folder).AvailableFreeSpace;
    }
}

/// <summary>A side of a transfer.</summary>
/// <param name="Contents">Null if it is new.</param>
internal sealed record TransferSide(string Name, string Kind, TransferContents? Contents)
{
    public static async Task<TransferSide> OfAsync(ITransferSource side, CancellationToken cancellationToken) => new(side.Name, side.Kind, await side.InspectAsync(cancellationToken));
}
