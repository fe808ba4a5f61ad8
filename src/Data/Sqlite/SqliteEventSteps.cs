using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;

namespace SensorDash.Data.Sqlite;

/// <summary>Reads events up to the head, with the head in the same snapshot.</summary>
internal static class SqliteEventSteps
{
    internal static readonly string SelectHead = $"""
        SELECT epoch, coalesce((SELECT first_canonical_time FROM event_batches ORDER BY id LIMIT 1), 0),
            coalesce((SELECT last_canonical_time FROM event_batches ORDER BY id DESC LIMIT 1), 0), {EventEdges.Columns} FROM store_info
        """;

    private const string SelectBatches = "SELECT event_count, last_canonical_time FROM event_batches WHERE last_canonical_time > $after ORDER BY last_canonical_time";

    public static EventHead ReadHead(SqliteConnection connection, SqliteTransaction? transaction)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = SelectHead;
        using var reader = command.ExecuteReader();
        reader.Read();
        Span<long> edges = stackalloc long[Lanes.All.Count];
        for (var i = 0; i < edges.Length; i++) edges[i] = reader.IsDBNull(3 + i) ? 0 : reader.GetInt64(3 + i);
        return EventHead.Of(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), EventEdges.Of(edges));
    }

    public static EventStep Read(SqliteConnection connection, EventStepQuery query, CancellationToken cancellationToken)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        var head = ReadHead(connection, transaction);
        if (query.After >= head.Position) return new(head, head.Position, []);
        var upTo = FindEnd(connection, transaction, query.After);
        var page = ReadWithTies(connection, transaction, EventSteps.PageOf(query, upTo), cancellationToken);
        return EventSteps.End(head, upTo, page);
    }

    public static EventPageToHead ReadToHead(SqliteConnection connection, EventQuery query, CancellationToken cancellationToken)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        var head = ReadHead(connection, transaction);
        return new(head, ReadWithTies(connection, transaction, EventSteps.PageOf(query, head.Position), cancellationToken));
    }

    private static EventPage ReadWithTies(SqliteConnection connection, SqliteTransaction transaction, EventQuery query, CancellationToken cancellationToken)
    {
        var page = SqliteEventPages.Read(connection, transaction, query, cancellationToken);
        var ties = new List<LaneEvent>();
        for (var next = EventSteps.TiesOf(query, page); next is not null;)
        {
            var more = SqliteEventPages.Read(connection, transaction, next, cancellationToken);
            ties.AddRange(more.Events);
            next = more.Next is null ? null : next with { After = more.Next };
        }
        return EventSteps.Join(page, ties);
    }

    // The end of the batch with which the step has searched enough.
    private static long FindEnd(SqliteConnection connection, SqliteTransaction transaction, long after)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = SelectBatches;
        command.Parameters.AddWithValue("$after", after);
        using var reader = command.ExecuteReader();
        var (count, end) = (0L, after);
        while (count < EventStepQuery.ScannedEvents && reader.Read()) (count, end) = (count + reader.GetInt64(0), reader.GetInt64(1));
        return end;
    }
}
