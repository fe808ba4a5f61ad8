using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>The DuckDB file beside the store: a table of readings per month, and the last applied batch.</summary>
/// <remarks>
/// It is derived and can be rebuilt. Rows and their last batch are written in one DuckDB transaction, so a change is applied exactly once,
/// even if the process is killed. One writer (<see cref="DuckDbSync"/>); any number of readers, each with its own connection.
/// </remarks>
internal sealed class DuckDbSidePath : IDisposable
{
    // A file of another format is rebuilt, not migrated: the store has all its rows.
    private const int Format = 3;

    private const string StateTable = "sync_state";

    // applied: the last batch whose rows, with those of all earlier ones, are here. While the file is filled, fill_up_to is what it will be.
    private const string Schema = $"""
        CREATE TABLE IF NOT EXISTS {StateTable} (format INTEGER NOT NULL, applied BIGINT NOT NULL, committed_at BIGINT NOT NULL,
            fill_up_to BIGINT NOT NULL, fill_node INTEGER NOT NULL, fill_time BIGINT NOT NULL)
        """;

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

    /// <summary>The batch up to which the file is being filled with the store's rows, and the last row so far; null when it is not being filled.</summary>
    public (long UpTo, ReadingPosition? After)? Filling { get; private set; }

    /// <summary>Opens the file or creates an empty one.</summary>
    /// <exception cref="DuckDbException">Another process has it open, it is corrupt or has a newer version, or DuckDB's library is
    /// missing.</exception>
    /// <exception cref="InvalidDataException">It is a store of readings or a file of another program, not a side path.</exception>
    public static DuckDbSidePath Open(AnalyticsOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Path))!);
        var database = DuckDbDatabase.Open(options.Path, new(options.MemoryLimitMiB, options.Threads));
        DuckDbSidePath? sidePath = null;
        try
        {
            sidePath = new DuckDbSidePath(database);
            if (!IsOurs(sidePath._writer, options.Path, isEmptyOurs: true, cancellationToken))
                throw new InvalidDataException($"{Path.GetFileName(options.Path)} is a DuckDB file of another program. Analytics:Path must name another file.");
            sidePath._writer.Execute($"{DuckDbMonths.Schema}; {Schema}", cancellationToken);
            // Without one of its tables it would answer as if those readings did not exist.
            if (!sidePath.ReadState(cancellationToken) || !DuckDbMonths.AreComplete(sidePath._writer, cancellationToken)) sidePath.Clear(cancellationToken);
            return sidePath;
        }
        catch
        {
            sidePath?.Dispose(); // Its connection keeps the file open.
            database.Dispose();
            throw;
        }
    }

    /// <summary>Removes the file. Only a readable side path is deleted; any other file is renamed, because it may be of another program.</summary>
    /// <returns>The new path of the renamed file; null if it was deleted or does not exist.</returns>
    /// <exception cref="DuckDbException">Another process has it open, or DuckDB's library is missing.</exception>
    /// <exception cref="InvalidDataException">It is a store of readings.</exception>
    public static string? Remove(AnalyticsOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!File.Exists(options.Path)) return null;
        bool isOurs;
        try
        {
            using var database = DuckDbDatabase.Open(options.Path, new(options.MemoryLimitMiB, options.Threads));
            using var connection = database.Connect();
            isOurs = IsOurs(connection, options.Path, isEmptyOurs: false, cancellationToken);
        }
        catch (DuckDbException e) when (e.Kind is not (DuckDbErrorKind.Locked or DuckDbErrorKind.NoLibrary))
        {
            isOurs = false; // Corrupt or of a newer version.
        }
        if (!isOurs) return FileAside.Move(options.Path, clock, DuckDbRepair.WalEnding);
        File.Delete(options.Path);
        File.Delete(options.Path + DuckDbRepair.WalEnding);
        return null;
    }

    /// <summary>Readings in an existing file; null if there is no readable side path.</summary>
    public static long? CountStored(AnalyticsOptions options, CancellationToken cancellationToken)
    {
        if (new FileInfo(options.Path) is { Exists: false } or { Length: 0 }) return null;
        try
        {
            using var database = DuckDbDatabase.Open(options.Path, new(options.MemoryLimitMiB, options.Threads));
            using var connection = database.Connect();
            return connection.ListTables(cancellationToken).Contains(StateTable) ? DuckDbMonths.List(connection, cancellationToken).Sum(m => m.Rows) : null;
        }
        catch (DuckDbException)
        {
            return null;
        }
    }

    /// <summary>Deletes all rows, so that the next changes start with the first batch.</summary>
    public void Clear(CancellationToken cancellationToken)
    {
        using var transaction = _writer.BeginTransaction(cancellationToken);
        DuckDbMonths.Clear(_writer, cancellationToken);
        _writer.Execute($"DROP TABLE sync_state; {Schema}; INSERT INTO sync_state VALUES ({Format}, 0, 0, 0, 0, 0)", cancellationToken);
        transaction.Commit();
        Applied = (0, 0);
        Filling = null;
    }

    /// <summary>Begins to fill an empty file with the rows of all batches up to one, which later changes follow.</summary>
    /// <param name="upTo">The last batch.</param>
    /// <param name="committedAt">Its commit time, Unix microseconds.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public void BeginFill(long upTo, long committedAt, CancellationToken cancellationToken)
    {
        _writer.Execute(FormattableString.Invariant($"UPDATE sync_state SET fill_up_to = {upTo}, committed_at = {committedAt}, fill_node = 0, fill_time = 0"), cancellationToken);
        Applied = (0, committedAt);
        Filling = (upTo, null);
    }

    /// <summary>Adds the next rows of the store.</summary>
    /// <param name="rows">They follow <see cref="Filling"/>.</param>
    /// <param name="isLast">Whether there are no more.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public void Fill(ArraySegment<Reading> rows, bool isLast, CancellationToken cancellationToken)
    {
        var (upTo, after) = Filling!.Value;
        if (rows is [.., var last]) after = new(last.Timestamp, last.NodeAddress);
        using var transaction = _writer.BeginTransaction(cancellationToken);
        DuckDbMonths.Append(_writer, rows, upTo, cancellationToken);
        _writer.Execute(
            isLast ? "UPDATE sync_state SET applied = fill_up_to, fill_up_to = 0"
                : FormattableString.Invariant($"UPDATE sync_state SET fill_node = {after!.Value.NodeAddress}, fill_time = {after.Value.Timestamp}"),
            cancellationToken);
        transaction.Commit();
        if (isLast) Applied = (upTo, Applied.CommittedAt);
        Filling = isLast ? null : (upTo, after);
    }

    /// <summary>Applies changes that start directly after <see cref="Applied"/>, all or none.</summary>
    public void Apply(ReadingChanges changes, CancellationToken cancellationToken)
    {
        using var transaction = _writer.BeginTransaction(cancellationToken);
        DuckDbMonths.Remove(_writer, [.. changes.RemovedNodes.Where(r => r.Before is null).Select(r => r.Node)], long.MaxValue, cancellationToken);
        foreach (var (node, end) in changes.RemovedNodes.Where(r => r.Before is not null)) DuckDbMonths.Remove(_writer, [node], end!.Value, cancellationToken);
        if (changes.RemovedBefore is { } before)
            for (var step = before; DuckDbMonths.RemoveBefore(_writer, ref step, null, cancellationToken).Count > 0; step = before) { }
        DuckDbMonths.Append(_writer, changes.Added.ToArray(), changes.UpTo, cancellationToken);
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

    // A store is refused by name, because its readings exist nowhere else.
    private static bool IsOurs(DuckDbConnection connection, string path, bool isEmptyOurs, CancellationToken cancellationToken)
    {
        var tables = connection.ListTables(cancellationToken);
        if (DuckDbStoreSchema.IsStore(tables))
            throw new InvalidDataException($"{Path.GetFileName(path)} is a store of readings (Readings:DuckDb:Path). Analytics:Path must name another file.");
        return tables.Contains(StateTable) || (isEmptyOurs && tables.Count == 0);
    }

    private bool ReadState(CancellationToken cancellationToken)
    {
        // An earlier format has other columns.
        using (var format = _writer.Query("SELECT format FROM sync_state", cancellationToken))
            if (!format.Read() || format.Get<int>(0) != Format) return false;
        using var state = _writer.Query("SELECT applied, committed_at, fill_up_to, fill_node, fill_time FROM sync_state", cancellationToken);
        state.Read();
        Applied = (state.Get<long>(0), state.Get<long>(1));
        if (state.Get<long>(2) is > 0 and var upTo) Filling = (upTo, state.Get<int>(3) is > 0 and var node ? new(state.Get<long>(4), node) : null);
        return true;
    }
}
