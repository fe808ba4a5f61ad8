using System.Globalization;
using SensorDash.Data.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>What a command says.</summary>
internal sealed record TransferArguments(TransferAddress From, TransferAddress To, TransferOptions Options)
{
    public bool IsStrict { get; init; }

    /// <summary>Whether the command goes on after the copy.</summary>
    public bool Follows { get; init; }

    public string? RejectsPath { get; init; }

    public string? ReportFolder { get; init; }

    private string Prefix
    {
        get
        {
            var folder = ReportFolder ?? (To.IsFile ? Path.GetDirectoryName(To.Place)! : Environment.CurrentDirectory);
            return Path.Combine(Path.GetFullPath(folder), To.IsFile ? Path.GetFileName(To.Place) + ".transfer" : "sensordash.transfer");
        }
    }

    /// <param name="appends">Whether rejects of an earlier run stay.</param>
    public RejectLog OpenRejects(bool appends = false) => new(Path.GetFullPath(RejectsPath ?? Prefix + ".rejects.ndjson"), IsStrict, appends);

    /// <summary>Path of a report without its ending.</summary>
    public string ReportPath(long id) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{id}");
}

/// <summary>The commands that need both sides.</summary>
internal sealed class TransferRunCommand(TransferStores stores, TransferArguments arguments, TextWriter output)
{
    // Of a small machine with a disk; a plan only tells minutes from hours.
    private const int RowsPerSecond = 30_000;

    private readonly TransferProgressLine _progress = new(output, output == Console.Out && !Console.IsOutputRedirected, TimeProvider.System);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var source = stores.OpenSource(arguments.From, isFollowed: arguments.Follows);
        // Other processes may write to a server; a file of SensorDash is held by its process.
        var follows = arguments.Follows || (source is StoreSource && !arguments.From.IsFile && arguments.Options.IsWhole);
        if (arguments.Follows && !(source is IFollowedFile || (source is StoreSource && !arguments.From.IsFile)))
            throw new TransferException($"{source.Name} cannot be followed: --follow is for files of former systems and for PostgreSQL. A running SensorDash on SQLite or DuckDB copies its own store.");
        await using var target = await stores.OpenTargetAsync(arguments.To, cancellationToken);
        await output.WriteLineAsync($"From {source.Name} ({source.Kind})\nto   {target.Store.Name} ({target.Store.Kind})");
        TransferRecord record;
        using (var rejects = arguments.OpenRejects())
        {
            record = await new TransferRunner(source, target.Store, arguments.Options with { Follows = follows }, TimeProvider.System, _progress.Show).RunAsync(rejects, cancellationToken);
            _progress.End();
            if (record.Start is null && record.RowIds is null) return await VerifyAsync(source, target.Store, record, rejects, null, cancellationToken);
        }
        return await new TransferFollowing(arguments, output).RunAsync(source, target.Store, record, log => VerifyFollowedAsync(source, target.Store, record, log, cancellationToken), cancellationToken);
    }

    public async Task<int> VerifyAsync(CancellationToken cancellationToken)
    {
        await using var source = stores.OpenSource(arguments.From);
        await using (var there = stores.OpenSource(arguments.To)) _ = there; // It must exist.
        await using var target = await stores.OpenTargetAsync(arguments.To, cancellationToken);
        using var rejects = arguments.OpenRejects();
        var ledger = new TransferLedger(target.Store.RunLedgerAsync);
        await ledger.PrepareAsync(cancellationToken);
        var record = (await ledger.ListAsync(cancellationToken)).LastOrDefault(r => r.IsOf(source, arguments.Options))
            ?? throw new TransferException($"{target.Store.Name} has no transfer from {source.Name} in this range. 'transfer list' shows those it has.");
        if (record.State == TransferState.Copying) throw new TransferException($"Transfer {record.Id} is not finished. 'transfer run' with the same arguments goes on.");
        return await VerifyFollowedAsync(source, target.Store, record, rejects, cancellationToken);
    }

    // A source that goes on being written is compared as far as the target has it.
    private async Task<int> VerifyFollowedAsync(ITransferSource source, ITransferTarget target, TransferRecord record, RejectLog rejects, CancellationToken cancellationToken)
    {
        if (source is IFollowedFile file && record.RowIds is not null) await new FileFollower(file, target, record, rejects, TimeProvider.System).LimitSourceAsync(cancellationToken);
        await source.PrepareAsync(rejects, cancellationToken);
        var applier = source is StoreSource store && record.Start is not null ? new BatchApplier(store.Parts, target, record.Id, TimeProvider.System) : null;
        return await VerifyAsync(source, target, record, rejects, applier, cancellationToken);
    }

    private async Task<int> VerifyAsync(
        ITransferSource source, ITransferTarget target, TransferRecord record, RejectLog rejects, BatchApplier? applier, CancellationToken cancellationToken)
    {
        var verifier = new TransferVerifier(source, target, TimeProvider.System, _progress.Show, applier);
        var report = await verifier.RunAsync(record, rejects, $"SensorDash {BuildInfo.Version}", cancellationToken);
        _progress.End();
        rejects.Flush();
        var path = arguments.ReportPath(record.Id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path + ".json", report.ToJson(), cancellationToken);
        await File.WriteAllTextAsync(path + ".txt", report.ToText(), cancellationToken);
        await output.WriteLineAsync($"\n{report.ToText()}\nReport: {path}.txt and .json{(rejects.Path is { } file ? $"\nRejected rows: {file}" : "")}");
        return !report.IsEqual ? TransferCommand.Failed : rejects.Count > 0 ? TransferCommand.CompleteWithRejects : TransferCommand.Complete;
    }

    public async Task<int> PlanAsync(CancellationToken cancellationToken)
    {
        await using var source = stores.OpenSource(arguments.From);
        var contents = await source.InspectAsync(cancellationToken);
        await output.WriteLineAsync($"From {source.Name} ({source.Kind}): {Describe(contents)}, {Size(contents.SizeBytes)}");
        foreach (var note in contents.Notes) await output.WriteLineAsync($"     {note}");
        if (arguments.To.Kind == StoreKind.Csv) throw new TransferException("A CSV file can be a source only.");
        if (arguments.To.IsFile && (!File.Exists(arguments.To.Place) || new FileInfo(arguments.To.Place).Length == 0))
        {
            await output.WriteLineAsync($"to   {arguments.To.Place}: a new {(arguments.To.Kind == StoreKind.DuckDb ? "DuckDB" : "SQLite")} store");
        }
        else
        {
            await using var target = stores.OpenSource(arguments.To);
            if (target is not StoreSource) throw new TransferException($"{arguments.To.Place} is a file of the {target.Kind}; the target must be another file, or a new one.");
            await output.WriteLineAsync($"to   {target.Name} ({target.Kind}): {Describe(await target.InspectAsync(cancellationToken))}");
        }
        var rows = (contents.Readings ?? 0) + (arguments.To.Kind == StoreKind.DuckDb ? 0 : contents.Events ?? 0);
        if (arguments.To.IsFile)
        {
            var folder = Path.GetDirectoryName(arguments.To.Place)!;
            while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!; // It is created with the target.
            var free = new DriveInfo(folder).AvailableFreeSpace;
            await output.WriteLineAsync($"Disk: about {Size(2 * contents.SizeBytes)} needed, {Size(free)} free{(free < 2 * contents.SizeBytes ? ": NOT ENOUGH" : "")}");
        }
        await output.WriteLineAsync($"Time: about {TransferProgressLine.Duration((double)rows / RowsPerSecond)} to copy at {RowsPerSecond.ToString("N0", CultureInfo.InvariantCulture)} rows/s, and a third of it to verify");
        await output.WriteLineAsync("Steps: bring the target's schema up to date; copy readings, events, nodes, names and zones in chunks with a ledger; compare both sides; write a report.");
        await output.WriteLineAsync("Nothing was written. 'transfer run' with the same arguments does it.");
        return TransferCommand.Complete;
    }

    private static string Describe(TransferContents contents) => string.Create(CultureInfo.InvariantCulture, $"{contents.Readings ?? 0:N0} readings, {contents.Events ?? 0:N0} events");

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");
}
