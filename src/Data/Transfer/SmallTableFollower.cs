using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Keeps nodes, metadata, zones, users and keys of a target equal to those of its source. They are in no batch, so they are read again from time to time, and written when they have changed.</summary>
/// <param name="isMirror">Whether the target has no others.</param>
internal sealed class SmallTableFollower(ITransferTarget target, bool isMirror, TimeProvider clock)
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(5);

    private long? _readAt;

    /// <summary>As they were last written; null if the target may have others since.</summary>
    public SmallTables? Written { get; private set; }

    /// <summary>Whether it is time to read them.</summary>
    public bool IsDue => _readAt is not { } at || clock.NowMicroseconds() - at >= _every.WholeMicroseconds();

    /// <summary>Reads them, and writes them if they have changed.</summary>
    public async Task ApplyAsync(Func<CancellationToken, Task<SmallTables>> read, CancellationToken cancellationToken)
    {
        var (now, tables) = (clock.NowMicroseconds(), await read(cancellationToken));
        if (Written is null || !SmallTableComparison.AreEqual(Written, tables)) await target.WriteSmallTablesAsync(tables, isMirror, cancellationToken);
        (Written, _readAt) = (tables, now);
    }

    /// <summary>The target may have others: the next time they are written in any case.</summary>
    public void Forget() => Written = null;
}
