using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Scrub;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.DuckDb.Store;

/// <inheritdoc cref="IRangeReader"/>
internal sealed class DuckDbRangeReader(DuckDbReadingFile file) : IRangeReader
{
    public Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken) => file.ReadAsync(
        connection =>
        {
            var (where, before, first) = (Where(range), (long)limit, (long?)null);
            foreach (var month in DuckDbMonths.List(connection, range.From, range.To, cancellationToken))
            {
                var there = connection.Scalar<long>($"SELECT count(*) FROM {month.Table} WHERE {where}", cancellationToken);
                if (there == 0) continue;
                first ??= connection.Scalar<long>($"SELECT min(\"timestamp\") FROM {month.Table} WHERE {where}", cancellationToken);
                if (there <= before)
                {
                    before -= there;
                    continue;
                }
                var last = connection.Scalar<long>($"SELECT \"timestamp\" FROM {month.Table} WHERE {where} ORDER BY 1 LIMIT 1 OFFSET {before}", cancellationToken);
                return last > first ? last : last + 1;
            }
            return range.To;
        },
        cancellationToken);

    public Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken) => file.ReadAsync(
        connection =>
        {
            var block = new Reading[DuckDbChunk.MaxRows];
            Visit(
                connection, range,
                rows =>
                {
                    if (block.Length < rows.Length) block = new Reading[rows.Length];
                    for (var i = 0; i < rows.Length; i++) block[i] = rows[i].Reading;
                    visit(block.AsSpan(0, rows.Length));
                },
                cancellationToken);
            return 0;
        },
        cancellationToken);

    /// <summary>Hands over all readings of a range with their batches, in the transaction of a connection to a store.</summary>
    internal static void Visit(DuckDbConnection connection, TransferRange range, VisitRows<LoggedReading> visit, CancellationToken cancellationToken)
        => Visit(connection, $"SELECT {DuckDbMonths.Columns}, device_id FROM ({Rows(connection, range, cancellationToken)}) LEFT JOIN nodes ON address = node_address", visit, cancellationToken);

    /// <summary>The same of a side path, which has no nodes.</summary>
    internal static void VisitWithoutNodes(DuckDbConnection connection, TransferRange range, VisitRows<LoggedReading> visit, CancellationToken cancellationToken)
        => Visit(connection, $"SELECT {DuckDbMonths.Columns}, NULL::BIGINT FROM ({Rows(connection, range, cancellationToken)})", visit, cancellationToken);

    private static string Rows(DuckDbConnection connection, TransferRange range, CancellationToken cancellationToken)
        => DuckDbMonths.Union(DuckDbMonths.List(connection, range.From, range.To, cancellationToken), DuckDbMonths.Columns, Where(range));

    private static void Visit(DuckDbConnection connection, string sql, VisitRows<LoggedReading> visit, CancellationToken cancellationToken)
    {
        var block = new LoggedReading[DuckDbChunk.MaxRows];
        connection.ReadVectors(
            sql,
            vectors =>
            {
                if (block.Length < vectors.Count) block = new LoggedReading[vectors.Count];
                Read(vectors, block);
                visit(block.AsSpan(0, vectors.Count));
                return true;
            },
            cancellationToken);
    }

    public Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken) => Task.CompletedTask;

    private static void Read(DuckDbVectors rows, Span<LoggedReading> block)
    {
        var node = rows.Column<int>(0);
        var time = rows.Column<long>(1);
        var temperature = rows.Column<short>(2);
        var humidity = rows.Column<short>(3);
        var flags = rows.Column<uint>(4);
        var receivedAt = rows.Column<long>(5);
        var batch = rows.Column<long>(6);
        var device = rows.Column<long>(7);
        var hasTemperature = rows.Valid(2);
        var hasHumidity = rows.Valid(3);
        var hasDevice = rows.Valid(7);
        for (var i = 0; i < rows.Count; i++)
        {
            block[i] = new(
                new(node[i], time[i], DuckDbVectors.At(temperature, hasTemperature, i), DuckDbVectors.At(humidity, hasHumidity, i), flags[i], receivedAt[i], (ulong?)DuckDbVectors.At(device, hasDevice, i)),
                batch[i]);
        }
    }

    private static string Where(TransferRange range) => FormattableString.Invariant($"\"timestamp\" >= {range.From} AND \"timestamp\" < {range.To}");
}
