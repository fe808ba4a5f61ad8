using SensorDash.Data.Events;
using SensorDash.Data.Readings;
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
            var rows = DuckDbMonths.Union(DuckDbMonths.List(connection, range.From, range.To, cancellationToken), DuckDbMonths.Columns, Where(range));
            connection.ReadVectors(
                $"SELECT {DuckDbMonths.Columns}, device_id FROM ({rows}) LEFT JOIN nodes ON address = node_address",
                vectors =>
                {
                    if (block.Length < vectors.Count) block = new Reading[vectors.Count];
                    Read(vectors, block);
                    visit(block.AsSpan(0, vectors.Count));
                    return true;
                },
                cancellationToken);
            return 0;
        },
        cancellationToken);

    public Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken) => Task.CompletedTask;

    private static void Read(DuckDbVectors rows, Span<Reading> block)
    {
        var node = rows.Column<int>(0);
        var time = rows.Column<long>(1);
        var temperature = rows.Column<short>(2);
        var humidity = rows.Column<short>(3);
        var flags = rows.Column<uint>(4);
        var receivedAt = rows.Column<long>(5);
        var device = rows.Column<long>(7);
        var hasTemperature = rows.Valid(2);
        var hasHumidity = rows.Valid(3);
        var hasDevice = rows.Valid(7);
        for (var i = 0; i < rows.Count; i++)
        {
            block[i] = new(node[i], time[i], DuckDbVectors.At(temperature, hasTemperature, i), DuckDbVectors.At(humidity, hasHumidity, i), flags[i], receivedAt[i],
                (ulong?)DuckDbVectors.At(device, hasDevice, i));
        }
    }

    private static string Where(TransferRange range) => FormattableString.Invariant($"\"timestamp\" >= {range.From} AND \"timestamp\" < {range.To}");
}
