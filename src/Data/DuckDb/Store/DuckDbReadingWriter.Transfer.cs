using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>Applies the changes of another store.</summary>
internal sealed partial class DuckDbReadingWriter
{
    /// <inheritdoc cref="ITransferTarget.ApplyAsync"/>
    public Task ApplyAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken)
        => WriteAsync(
            (connection, now) =>
            {
                _newestOfBatch.Clear();
                var batches = changes.Added.Count > 0 && Add(connection, [.. changes.Added], now, cancellationToken) ? 1 : 0;
                foreach (var (node, before) in changes.RemovedNodes)
                {
                    var batch = _lastBatch + 1 + batches;
                    if (before is { } time ? RemoveOldest(connection, node, time, batch, now, cancellationToken) > 0 : DeleteNode(connection, node, batch, now, cancellationToken)) batches++;
                }
                if (changes.RemovedBefore is { } limit)
                    while (RemoveOldestMonth(connection, limit, _lastBatch + 1 + batches, now, cancellationToken) > 0) batches++;
                if (ledger is not null) connection.Execute(ledger, cancellationToken);
                return batches;
            },
            batches =>
            {
                foreach (var (address, newest) in _newestOfBatch) _newest[address] = newest;
                foreach (var removal in changes.RemovedNodes)
                    if (removal.Before is null) _newest.Remove(removal.Node);
                return batches;
            },
            cancellationToken);

    /// <summary>Writes rows of a transfer in one transaction, while this writer writes nothing; it then reads anew what is stored.</summary>
    public Task<T> TransferAsync<T>(Func<DuckDbConnection, T> work, CancellationToken cancellationToken)
        => RunAsync(
            connection =>
            {
                using var transaction = connection.BeginTransaction(cancellationToken);
                var result = work(connection);
                transaction.Commit();
                _database = null;
                return result;
            },
            cancellationToken);

    private bool Add(DuckDbConnection connection, Reading[] readings, long now, CancellationToken cancellationToken)
    {
        var outcomes = new RowOutcome[readings.Length];
        MarkNewRows(connection, readings, outcomes, cancellationToken);
        var (added, differing) = (new List<Reading>(readings.Length), new List<DifferingReading>());
        _changes.Clear(now / 1_000_000);
        for (var i = 0; i < readings.Length; i++)
        {
            if (outcomes[i] == RowOutcome.Inserted)
            {
                _changes.Count(readings[i], RowOutcome.Inserted);
                added.Add(readings[i]);
            }
            else if (_stored.TryGetValue((readings[i].NodeAddress, readings[i].Timestamp), out var there) && !there.HasValuesOf(readings[i]))
            {
                differing.Add(new(readings[i], there));
            }
        }
        if (differing.Count > 0) throw new RowsDifferException(differing);
        if (added.Count == 0) return false;
        DuckDbNodes.Store(connection, _changes, _newest.ContainsKey, cancellationToken);
        DuckDbMonths.Append(connection, added.ToArray(), _lastBatch + 1, cancellationToken);
        connection.Execute(Invariant($"""
            INSERT INTO ingest_batches VALUES
            ({_lastBatch + 1}, {now}, {added.Count}, {added.Min(r => r.Timestamp)}, {added.Max(r => r.Timestamp)}, NULL, NULL, {ReadingHash.OfInserted(readings, outcomes)})
            """), cancellationToken);
        return true;
    }

    private static long RemoveOldest(DuckDbConnection connection, int address, long before, long batch, long now, CancellationToken cancellationToken)
    {
        var older = DuckDbMonths.Union(DuckDbMonths.List(connection, 0, before - 1, cancellationToken), DuckDbMonths.Columns,
            Invariant($"node_address = {address} AND \"timestamp\" < {before}"));
        var hash = HashByNode(connection, older, cancellationToken).GetValueOrDefault(address);
        var rows = DuckDbMonths.Remove(connection, [address], before, cancellationToken);
        if (rows == 0) return 0;
        connection.Execute(Invariant($"""
            UPDATE nodes SET total_readings = total_readings - {rows},
                first_seen_at = coalesce((SELECT min("timestamp") FROM sensor_readings WHERE node_address = {address}), last_seen_at) WHERE address = {address};
            INSERT INTO ingest_batches VALUES ({batch}, {now}, {-rows}, 0, 0, {address}, {before}, {unchecked(-hash)})
            """), cancellationToken);
        return rows;
    }
}
