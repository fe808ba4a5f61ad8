using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The only writer of a DuckDB file of readings.</summary>
/// <remarks>
/// No index enforces the key: over months it would be larger than the readings. As there is one writer, a reading after the latest one of its
/// node is new without a lookup; only the others are joined with the stored readings.
/// </remarks>
internal sealed partial class DuckDbReadingWriter(DuckDbReadingFile file, CommitSignal commits, IOptions<NodeLimitOptions> nodeLimit, TimeProvider clock) : IDisposable
{
    private const string CreatePossibleDuplicates = "CREATE OR REPLACE TEMP TABLE possible_duplicates (node_address INTEGER, \"timestamp\" BIGINT)";

    // In place of the latest time of a new node beyond the maximum number of nodes: no reading is newer, and none has this time.
    private const long BeyondLimit = long.MaxValue;

    // DuckDB marks deleted rows by columns, many at a time; a node with more is deleted alone.
    private const long ReadingsPerStep = 100L * NodeCriteria.ReadingsPerStep;

    // Each is a few statements over the months that have older readings.
    private const int NodesPerRemoval = 20;

    private const long SecondsPerDay = 86_400;

    private readonly string _log = file.Path + DuckDbRepair.WalEnding;
    private readonly SemaphoreSlim _writeLock = new(1);
    private readonly Dictionary<int, long> _newest = [];
    private readonly Dictionary<int, long> _newestOfBatch = [];
    private readonly NodeChanges _changes = new();
    private readonly List<int> _possibleDuplicates = [];
    private Dictionary<(int Node, long Timestamp), Reading> _stored = []; // Of the possible duplicates.
    private DuckDbDatabase? _database; // The latest readings and the last batch belong to this database.
    private long _lastBatch;
    private bool _hasDurableName; // The log.

    public async Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => await WriteAsync(
            (connection, now) =>
            {
                MarkNewRows(connection, batch, outcomes.Span, cancellationToken);
                var added = new List<Reading>(batch.Length);
                _changes.Clear(now / 1_000_000);
                for (var i = 0; i < batch.Length; i++)
                {
                    _changes.Count(batch.Span[i], outcomes.Span[i]);
                    if (outcomes.Span[i] == RowOutcome.Inserted) added.Add(batch.Span[i]);
                }
                DuckDbNodes.Store(connection, _changes, _newest.ContainsKey, cancellationToken);
                if (added.Count == 0) return 0;
                DuckDbMonths.Append(connection, added.ToArray(), _lastBatch + 1, cancellationToken);
                connection.Execute(Invariant($"""
                    INSERT INTO ingest_batches VALUES
                    ({_lastBatch + 1}, {now}, {added.Count}, {added.Min(r => r.Timestamp)}, {added.Max(r => r.Timestamp)}, NULL, NULL, {ReadingHash.OfInserted(batch.Span, outcomes.Span)})
                    """), cancellationToken);
                return added.Count;
            },
            added =>
            {
                foreach (var (address, newest) in _newestOfBatch)
                    if (newest != BeyondLimit) _newest[address] = newest;
                return added > 0 ? 1 : 0;
            }, cancellationToken);

    public Task<bool> DeleteNodeAsync(int address, CancellationToken cancellationToken)
        => WriteAsync(
            (connection, now) => DeleteNode(connection, address, _lastBatch + 1, now, cancellationToken),
            removed =>
            {
                if (removed) _newest.Remove(address);
                return removed ? 1 : 0;
            }, cancellationToken);

    /// <returns>The removed nodes.</returns>
    public Task<IReadOnlyList<Node>> DeleteNodesAsync(NodeCriteria criteria, CancellationToken cancellationToken)
        => WriteAsync<IReadOnlyList<Node>>(
            (connection, now) =>
            {
                var all = 0L;
                Node[] nodes = [.. DuckDbNodes.List(connection, DuckDbNodes.Where(criteria), NodeCriteria.NodesPerStep, cancellationToken)
                    .TakeWhile(n => (all += n.TotalReadings) <= ReadingsPerStep || all == n.TotalReadings)];
                if (nodes.Length == 0) return nodes;
                int[] addresses = [.. nodes.Select(n => n.Address)];
                var hashes = HashByNode(connection, DuckDbMonths.OfNodes(connection, addresses, cancellationToken), cancellationToken);
                DuckDbMonths.Remove(connection, addresses, long.MaxValue, cancellationToken);
                connection.Execute(Invariant($"""
                    DELETE FROM nodes WHERE address IN ({string.Join(',', nodes.Select(n => Invariant($"{n.Address}")))});
                    INSERT INTO ingest_batches VALUES
                    {string.Join(',', nodes.Select((n, i) => Invariant($"({_lastBatch + 1 + i}, {now}, {-n.TotalReadings}, 0, 0, {n.Address}, NULL, {unchecked(-hashes.GetValueOrDefault(n.Address))})")))}
                    """), cancellationToken);
                return nodes;
            },
            removed =>
            {
                foreach (var node in removed) _newest.Remove(node.Address);
                return removed.Count;
            }, cancellationToken);

    private static bool DeleteNode(DuckDbConnection connection, int address, long batch, long now, CancellationToken cancellationToken)
    {
        if (connection.Execute(Invariant($"DELETE FROM nodes WHERE address = {address}"), cancellationToken) == 0) return false;
        var hash = HashByNode(connection, DuckDbMonths.OfNodes(connection, [address], cancellationToken), cancellationToken).GetValueOrDefault(address);
        var rows = DuckDbMonths.Remove(connection, [address], long.MaxValue, cancellationToken);
        connection.Execute(Invariant($"INSERT INTO ingest_batches VALUES ({batch}, {now}, {-rows}, 0, 0, {address}, NULL, {unchecked(-hash)})"), cancellationToken);
        return true;
    }

    public Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken)
        => WriteAsync(
            (connection, now) =>
            {
                // A day at a time, so that writers do not wait for a month; what is left of a month is dropped with its last day.
                if (DuckDbMonths.FindOldest(connection, before, cancellationToken) is { } oldest) before = Math.Min(before, ((oldest / SecondsPerDay) + 1) * SecondsPerDay);
                return RemoveOldestMonth(connection, before, _lastBatch + 1, now, cancellationToken);
            },
            removed => removed > 0 ? 1 : 0, cancellationToken);

    public Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken)
    {
        var batches = 0;
        return WriteAsync(
            (connection, now) =>
            {
                (var rows, var done, batches) = (0L, 0, 0);
                for (; done < nodes.Count && done < NodesPerRemoval && rows < ReadingsPerStep; done++)
                {
                    var (node, before) = (nodes[done].Node, nodes[done].Before ?? long.MaxValue);
                    if (RemoveOldest(connection, node, before, _lastBatch + 1 + batches, now, cancellationToken) is not (> 0 and var removed)) continue;
                    rows += removed;
                    batches++;
                }
                return (rows, done);
            },
            _ => batches, cancellationToken);
    }

    private static long RemoveOldestMonth(DuckDbConnection connection, long before, long batch, long now, CancellationToken cancellationToken)
    {
        var hash = 0L;
        var removed = DuckDbMonths.RemoveBefore(
            connection, ref before, rows => hash = HashByNode(connection, rows, cancellationToken).Values.Aggregate(0L, (a, b) => unchecked(a + b)), cancellationToken);
        if (removed.Count == 0) return 0;
        var rows = removed.Sum(r => r.Rows);
        connection.Execute(Invariant($"""
            UPDATE nodes SET total_readings = total_readings - r.rows FROM (VALUES {string.Join(',', removed.Select(r => Invariant($"({r.Node},{r.Rows})")))}) r(node, rows)
            WHERE address = r.node;
            UPDATE nodes SET first_seen_at = coalesce(o.oldest, last_seen_at) FROM
                (SELECT n.address, min(r."timestamp") AS oldest FROM nodes n LEFT JOIN sensor_readings r ON r.node_address = n.address
                 WHERE n.first_seen_at < {before} GROUP BY 1) o
            WHERE nodes.address = o.address;
            INSERT INTO ingest_batches VALUES ({batch}, {now}, {-rows}, 0, 0, NULL, {before}, {unchecked(-hash)})
            """), cancellationToken);
        return rows;
    }

    /// <inheritdoc cref="IBatchLog.FollowAsync"/>
    public Task FollowAsync(string name, long cursor, CancellationToken cancellationToken)
        => RunAsync(connection => DuckDbBatchLog.Follow(connection, name, cursor, clock.NowMicroseconds(), cancellationToken), cancellationToken);

    /// <inheritdoc cref="IBatchLog.UnfollowAsync"/>
    public Task UnfollowAsync(string name, CancellationToken cancellationToken)
        => RunAsync(connection => DuckDbBatchLog.Unfollow(connection, name, cancellationToken), cancellationToken);

    /// <inheritdoc cref="IBatchLog.MergeStepAsync"/>
    public Task<long?> MergeStepAsync(long after, CancellationToken cancellationToken)
        => RunAsync(connection => DuckDbBatchLog.MergeStep(connection, after, clock.NowMicroseconds(), cancellationToken), cancellationToken);

    /// <summary>Sorts one month if necessary; writers wait, readers do not.</summary>
    public Task<bool> SortOneMonthAsync(CancellationToken cancellationToken)
        => RunAsync(connection => DuckDbMonths.SortOne(connection, cancellationToken), cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken)
        => RunAsync(
            connection =>
            {
                using var transaction = connection.BeginTransaction(cancellationToken); // Rolled back.
                return connection.Execute("INSERT INTO ingest_batches VALUES (0, 0, 0, 0, 0, NULL, NULL, 0)", cancellationToken);
            }, cancellationToken);

    // The work gets the commit time in Unix microseconds; after the commit, the second function returns how many batches it wrote.
    private Task<T> WriteAsync<T>(Func<DuckDbConnection, long, T> work, Func<T, int> committed, CancellationToken cancellationToken)
        => RunAsync(
            connection =>
            {
                T result;
                _hasDurableName &= File.Exists(_log);
                using (var transaction = connection.BeginTransaction(cancellationToken))
                {
                    result = work(connection, clock.NowMicroseconds());
                    transaction.Commit();
                }
                // DuckDB syncs the log that it makes after each checkpoint, but not the name of it.
                if (!_hasDurableName) DurableFile.SyncFolder(Path.GetDirectoryName(_log)!);
                _hasDurableName = true;
                var batches = committed(result);
                _lastBatch += batches;
                if (batches > 0) commits.Publish();
                return result;
            }, cancellationToken);

    private async Task<T> RunAsync<T>(Func<DuckDbConnection, T> work, CancellationToken cancellationToken)
    {
        await _writeLock.WaitAsync(cancellationToken);
        try
        {
            using var connection = file.Connect(out var database, cancellationToken);
            if (database != _database) Learn(connection, cancellationToken);
            _hasDurableName &= database == _database;
            _database = database;
            return work(connection);
        }
        catch (DuckDbException e)
        {
            _database = null; // After a failed commit it is not certain which nodes the file has.
            throw file.Translate(e);
        }
        finally
        {
            _writeLock.Release();
        }
    }

    // A reopened file may not contain the last batch.
    private void Learn(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        _database = null; // Until all values are loaded.
        _newest.Clear();
        foreach (var node in DuckDbNodes.List(connection, "", int.MaxValue, cancellationToken)) _newest[node.Address] = node.LastSeenAt;
        _lastBatch = connection.Scalar<long>("SELECT coalesce(max(id), 0)::BIGINT FROM ingest_batches", cancellationToken);
    }

    private void MarkNewRows(DuckDbConnection connection, ReadOnlyMemory<Reading> readings, Span<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        var batch = readings.Span;
        _newestOfBatch.Clear();
        _possibleDuplicates.Clear();
        _stored.Clear();
        var nodeCount = _newest.Count;
        for (var i = 0; i < batch.Length; i++)
        {
            ref readonly var reading = ref batch[i];
            ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(_newestOfBatch, reading.NodeAddress, out var known);
            if (!known && !_newest.TryGetValue(reading.NodeAddress, out newest)) newest = nodeCount++ < nodeLimit.Value.MaxNodes ? long.MinValue : BeyondLimit;
            if (newest == BeyondLimit)
            {
                outcomes[i] = RowOutcome.NodeLimit;
                continue;
            }
            outcomes[i] = reading.Timestamp > newest ? RowOutcome.Inserted : RowOutcome.Duplicate;
            if (outcomes[i] == RowOutcome.Inserted) newest = reading.Timestamp;
            else _possibleDuplicates.Add(i);
        }
        if (_possibleDuplicates.Count == 0) return;
        _stored = FindStored(connection, readings, cancellationToken);
        HashSet<(int, long)> taken = [.. _stored.Keys];
        for (var i = 0; i < batch.Length; i++)
            if (outcomes[i] == RowOutcome.Inserted) taken.Add((batch[i].NodeAddress, batch[i].Timestamp));
        // A certainly new reading is newer than all earlier possible duplicates of its node, so an equal key can only be earlier in the batch.
        foreach (var i in _possibleDuplicates)
            if (taken.Add((batch[i].NodeAddress, batch[i].Timestamp))) outcomes[i] = RowOutcome.Inserted;
    }

    private Dictionary<(int Node, long Timestamp), Reading> FindStored(DuckDbConnection connection, ReadOnlyMemory<Reading> batch, CancellationToken cancellationToken)
    {
        var (first, last) = (long.MaxValue, long.MinValue);
        connection.Execute(CreatePossibleDuplicates, cancellationToken);
        connection.Append("possible_duplicates", _possibleDuplicates, (row, i) =>
        {
            var (node, timestamp) = (batch.Span[i].NodeAddress, batch.Span[i].Timestamp);
            row.AppendValue(node).AppendValue(timestamp);
            (first, last) = (Math.Min(first, timestamp), Math.Max(last, timestamp));
        }, cancellationToken);
        var stored = new Dictionary<(int, long), Reading>();
        foreach (var month in DuckDbMonths.List(connection, first, last, cancellationToken))
        {
            using var rows = connection.Query(Invariant($"""
                SELECT DISTINCT m.* FROM {month.Table} m JOIN possible_duplicates u ON u.node_address = m.node_address AND u."timestamp" = m."timestamp"
                WHERE m."timestamp" BETWEEN {first} AND {last}
                """), cancellationToken);
            while (rows.Read()) stored[(rows.Get<int>(0), rows.Get<long>(1))] = Read(rows);
        }
        return stored;
    }

    private static Dictionary<int, long> HashByNode(DuckDbConnection connection, string rows, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<int, long>();
        using var found = connection.Query(rows, cancellationToken);
        while (found.Read())
        {
            var reading = Read(found);
            ref var hash = ref CollectionsMarshal.GetValueRefOrAddDefault(hashes, reading.NodeAddress, out _);
            hash = unchecked(hash + ReadingHash.Of(reading));
        }
        return hashes;
    }

    // A row of the columns of a month.
    private static Reading Read(DuckDbRows row) => new(row.Get<int>(0), row.Get<long>(1), row.Get<short?>(2), row.Get<short?>(3), row.Get<uint>(4), row.Get<long>(5), null);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    public void Dispose() => _writeLock.Dispose();
}
