using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>The side path of this process as the second copy of the readings.</summary>
public sealed class DuckDbSecondCopy(DuckDbSidePathSource source) : ISecondCopy
{
    /// <inheritdoc/>
    public string Obstacle => source.State switch
    {
        AnalyticsState.Off => "Analytics:Enabled is off",
        AnalyticsState.CatchingUp => "it is catching up",
        _ => "it is unavailable",
    };

    /// <inheritdoc/>
    public async Task<long?> ReadAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken)
    {
        if (source.State != AnalyticsState.Ready) return null;
        try
        {
            using var reader = await source.TryConnectAsync(0, cancellationToken);
            return reader?.Use((connection, stop) => Read(connection, range, visit, stop));
        }
        catch (StoreUnavailableException e)
        {
            source.QueryFailed(e); // A corrupt file is filled anew.
            return null;
        }
    }

    /// <summary>Reads the readings of a range and the last applied batch in one snapshot; null while the file is filled.</summary>
    internal static long? Read(DuckDbConnection connection, TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken)
    {
        using var transaction = connection.BeginTransaction(cancellationToken);
        long applied;
        using (var state = connection.Query("SELECT applied, fill_up_to FROM sync_state", cancellationToken))
        {
            if (!state.Read() || state.Get<long>(1) > 0) return null;
            applied = state.Get<long>(0);
        }
        var block = new Reading[DuckDbChunk.MaxRows];
        DuckDbRangeReader.VisitWithoutNodes(
            connection, range,
            rows =>
            {
                if (block.Length < rows.Length) block = new Reading[rows.Length];
                for (var i = 0; i < rows.Length; i++) block[i] = rows[i].Reading;
                visit(block.AsSpan(0, rows.Length));
            },
            cancellationToken);
        transaction.Commit();
        return applied;
    }
}

/// <summary>The file of a side path that no process has open, read-only.</summary>
public sealed class DuckDbSecondCopyFile : ISecondCopy, IDisposable
{
    private readonly DuckDbDatabase? _database;

    private DuckDbSecondCopyFile(DuckDbDatabase? database, string obstacle) => (_database, Obstacle) = (database, obstacle);

    /// <inheritdoc/>
    public string Obstacle { get; private set; }

    /// <summary>Opens the file.</summary>
    /// <returns>Null without a file.</returns>
    public static DuckDbSecondCopyFile? Open(AnalyticsOptions options)
    {
        if (!File.Exists(options.Path)) return null;
        try
        {
            return new(DuckDbDatabase.Open(options.Path, new(options.MemoryLimitMiB, options.Threads) { IsReadOnly = true }), "it is not complete; the server fills it");
        }
        catch (DuckDbException e)
        {
            return new(null, e.Kind == DuckDbErrorKind.Locked ? "the running server has it open; its scrub in the background compares them" : $"it cannot be opened: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public Task<long?> ReadAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken)
    {
        if (_database is null) return Task.FromResult<long?>(null);
        try
        {
            using var connection = _database.Connect();
            return Task.FromResult(DuckDbSecondCopy.Read(connection, range, visit, cancellationToken));
        }
        catch (DuckDbException e)
        {
            Obstacle = $"it cannot be read: {e.Message}";
            return Task.FromResult<long?>(null);
        }
    }

    public void Dispose() => _database?.Dispose();
}
