using System.Data;
using Npgsql;
using SensorDash.Data.Events;

namespace SensorDash.Data.Timescale;

/// <summary>Reads events up to the head, with the head in the same snapshot.</summary>
internal static class TimescaleEventSteps
{
    private static readonly string _selectHead = $"""
        SELECT epoch, (SELECT first_canonical_time FROM event_batches ORDER BY id LIMIT 1), (SELECT last_canonical_time FROM event_batches ORDER BY id DESC LIMIT 1), {EventEdges.Columns}
        FROM store_info
        """;

    // The end of the batch with which the step has searched enough: of the last batches, with a single one, that of the newest.
    private const string SelectEnd = """
        SELECT event_count, last_canonical_time FROM event_batches WHERE last_canonical_time > $1 ORDER BY last_canonical_time LIMIT 10000
        """;

    public static async Task<EventHead> ReadHeadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(_selectHead, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await TakeHeadAsync(reader, cancellationToken);
    }

    public static async Task<EventStep> ReadAsync(NpgsqlConnection connection, EventStepQuery query, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        EventHead head;
        var (count, upTo) = (0L, query.After);
        var end = new NpgsqlBatchCommand(SelectEnd);
        end.Parameters.Add(PgTime.Microseconds(query.After));
        await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new(_selectHead), end } })
        {
            await using var reader = await start.ExecuteReaderAsync(cancellationToken);
            head = await TakeHeadAsync(reader, cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            while (count < EventStepQuery.ScannedEvents && await reader.ReadAsync(cancellationToken)) (count, upTo) = (count + reader.GetInt64(0), reader.GetMicroseconds(1));
        }
        if (query.After >= head.Position) return new(head, head.Position, []);
        var page = await ReadWithTiesAsync(connection, EventSteps.PageOf(query, upTo), hasContentIndex: false, cancellationToken);
        return EventSteps.End(head, upTo, page);
    }

    public static async Task<EventPageToHead> ReadToHeadAsync(NpgsqlConnection connection, EventQuery query, bool hasContentIndex, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var head = await ReadHeadAsync(connection, cancellationToken);
        return new(head, await ReadWithTiesAsync(connection, EventSteps.PageOf(query, head.Position), hasContentIndex, cancellationToken));
    }

    private static async Task<EventPage> ReadWithTiesAsync(NpgsqlConnection connection, EventQuery query, bool hasContentIndex, CancellationToken cancellationToken)
    {
        var page = await TimescaleEventPages.ReadInTransactionAsync(connection, query, hasContentIndex, cancellationToken);
        var ties = new List<LaneEvent>();
        for (var next = EventSteps.TiesOf(query, page); next is not null;)
        {
            await using (var close = new NpgsqlCommand("CLOSE ALL", connection)) await close.ExecuteNonQueryAsync(cancellationToken);
            var more = await TimescaleEventPages.ReadInTransactionAsync(connection, next, hasContentIndex, cancellationToken);
            ties.AddRange(more.Events);
            next = more.Next is null ? null : next with { After = more.Next };
        }
        return EventSteps.Join(page, ties);
    }

    private static async Task<EventHead> TakeHeadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken);
        var edges = new long[Lanes.All.Count];
        for (var i = 0; i < edges.Length; i++) edges[i] = await TimeAsync(3 + i);
        return EventHead.Of(reader.GetString(0), await TimeAsync(1), await TimeAsync(2), EventEdges.Of(edges));

        async Task<long> TimeAsync(int column) => await reader.IsDBNullAsync(column, cancellationToken) ? 0 : reader.GetMicroseconds(column);
    }
}
