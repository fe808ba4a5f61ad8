using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>The DuckDB file beside the store: a table of readings per month, and the last applied batch.</summary>
/// <remarks>
/// It is derived and can be rebuilt. Rows and their last batch are written in one DuckDB transaction, so a change is applied exactly once,
/// even if the process is killed. One writer (<see cref="DuckDbSync"/>); any number of readers, each with its own connection.
/// </remarks>
internal sealed class DuckDbSidePath : IDisposable
{
    // A file of another format is rebuilt, not migrated: the store has all its rows.
    private const int Format = 2;

    private const string Schema =
        "CREATE TABLE IF NOT EXISTS sync_state (format INTEGER NOT NULL, applied BIGINT NOT NULL, committed_at BIGINT NOT NULL)";

    private readonly DuckDbConnection _writer;

    private DuckDbSidePath(DuckDbDatabase database)
    {
        Database = database;
        _writer = database.Connect();
    }

    /// <summary>For readers, each with its own connection.</summary>
    public DuckDbDatabase Database { get; }

    /// <summary>The last applied batch, and its commit time (Unix microseconds).</summary>
    public (long Batch, long CommittedAt) Applied { get; private set; }

    /// <summary>Opens the file or creates an empty one.</summary>
    /// <exception cref="DuckDbException">Another process has it open, it is corrupt or has a newer version, or DuckDB's library is
    /// missing.</exception>
    /// <exception cref="InvalidDataException">It is a store of readings, not a side path.</exception>
    public static DuckDbSidePath Open(AnalyticsOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Path))!);
        var database = DuckDbDatabase.Open(options.Path, new(options.MemoryLimitMiB, options.Threads));
        DuckDbSidePath? sidePath = null;
        try
        {
            sidePath = new DuckDbSidePath(database);
            DuckDbStoreSchema.ThrowIfStore(sidePath._writer, options.Path, cancellationToken);
            sidePath._writer.Execute($"{DuckDbMonths.Schema}; {Schema}", cancellationToken);
            if (!sidePath.ReadState(cancellationToken)) sidePath.Clear(cancellationToken);
            return sidePath;
        }
        catch
        {
            sidePath?.Dispose(); // Its connection keeps the file open.
            database.Dispose();
            throw;
        }
    }

    /// <summary>Deletes the file, even a corrupt one; but not a file that another process has open, and not a store.</summary>
    /// <exception cref="DuckDbException">Another process has it open, or DuckDB's library is missing.</exception>
    /// <exception cref="InvalidDataException">It is a store of readings.</exception>
    public static void Delete(AnalyticsOptions options, CancellationToken cancellationToken)
    {
        if (!File.Exists(options.Path)) return;
        try
        {
            using var database = DuckDbDatabase.Open(options.Path, new(options.MemoryLimitMiB, options.Threads));
            using var connection = database.Connect();
            DuckDbStoreSchema.ThrowIfStore(connection, options.Path, cancellationToken);
        }
        catch (DuckDbException e) when (e.Kind is not (DuckDbErrorKind.Locked or DuckDbErrorKind.NoLibrary))
        {
            // Corrupt or of a newer version: the reason to delete it.
        }
        File.Delete(options.Path);
        File.Delete(options.Path + ".wal");
    }

    /// <summary>Deletes all rows, so that the next changes start with the first batch.</summary>
    public void Clear(CancellationToken cancellationToken)
    {
        using var transaction = _writer.BeginTransaction(cancellationToken);
        DuckDbMonths.Clear(_writer, cancellationToken);
        _writer.Execute($"DELETE FROM sync_state; INSERT INTO sync_state VALUES ({Format}, 0, 0)", cancellationToken);
        transaction.Commit();
        Applied = (0, 0);
    }

    /// <summary>Applies changes that start directly after <see cref="Applied"/>, all or none.</summary>
    public void Apply(ReadingChanges changes, CancellationToken cancellationToken)
    {
        using var transaction = _writer.BeginTransaction(cancellationToken);
        if (changes.RemovedNode is { } node) DuckDbMonths.Remove(_writer, node, cancellationToken);
        if (changes.RemovedBefore is { } before)
            for (var step = before; DuckDbMonths.RemoveBefore(_writer, ref step, cancellationToken).Count > 0; step = before) { }
        DuckDbMonths.Append(_writer, changes.Added, changes.UpTo, cancellationToken);
        _writer.Execute(FormattableString.Invariant($"UPDATE sync_state SET applied = {changes.UpTo}, committed_at = {changes.CommittedAt}"), cancellationToken);
        transaction.Commit();
        Applied = (changes.UpTo, changes.CommittedAt);
    }

    /// <inheritdoc cref="DuckDbMonths.SortOne"/>
    public bool SortOneMonth(CancellationToken cancellationToken) => DuckDbMonths.SortOne(_writer, cancellationToken);

    /// <summary>Readings in the file.</summary>
    public long CountRows(CancellationToken cancellationToken)
    {
        using var connection = Database.Connect();
        return DuckDbMonths.List(connection, cancellationToken).Sum(m => m.Rows);
    }

    public void Dispose()
    {
        _writer.Dispose();
        Database.Dispose();
    }

    private bool ReadState(CancellationToken cancellationToken)
    {
        using var state = _writer.Query("SELECT format, applied, committed_at FROM sync_state", cancellationToken);
        if (!state.Read() || state.Get<int>(0) != Format) return false;
        Applied = (state.Get<long>(1), state.Get<long>(2));
        return true;
    }
}
