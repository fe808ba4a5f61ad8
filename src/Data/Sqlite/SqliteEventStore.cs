using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IEventStore"/>
/// <remarks>Readers never wait for the writer (WAL).</remarks>
public sealed class SqliteEventStore(SqliteDatabase database, EventCommitSignal commits, TimeProvider clock) : IEventStore
{
    // Whole batches are read until this many events.
    private const int EventsWanted = 10_000;

    // Newest first: most lookups by id alone are for recent events.
    private const string FindIndex = "SELECT lane, first_seen FROM event_index WHERE event_id = $id ORDER BY source_truth_time DESC LIMIT 1";

    private const string FindIndexAt = "SELECT lane, first_seen FROM event_index WHERE source_truth_time = $time AND event_id = $id";

    private const string SelectBatches = """
        SELECT id, committed_at, event_count, first_canonical_time, last_canonical_time FROM event_batches WHERE id > $after ORDER BY id
        """;

    private readonly SqliteEventWriter _writer = new(database.Writer, commits, clock);

    /// <inheritdoc/>
    public Task<int> AppendAsync(ReadOnlyMemory<LaneEvent> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => _writer.AppendAsync(batch, outcomes, cancellationToken);

    /// <inheritdoc/>
    public Task<EventPage> ReadAsync(EventQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, EventQuery.MaxLimit);
        return database.ReadLongAsync(connection => SqliteEventPages.Read(connection, query, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LaneEvent?> FindAsync(EventId id, long? sourceTime, CancellationToken cancellationToken)
        => database.ReadLongAsync(
            connection =>
            {
                using var transaction = connection.BeginTransaction(deferred: true);
                return FindPlace(connection, id, sourceTime) is var (lane, canonicalTime) ? ReadOne(connection, lane, canonicalTime, id) : null;
            },
            cancellationToken);

    private static (LaneTable Lane, long CanonicalTime)? FindPlace(SqliteConnection connection, EventId id, long? sourceTime)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sourceTime is null ? FindIndex : FindIndexAt;
        command.Parameters.AddWithValue("$id", id.ToArray());
        if (sourceTime is { } time) command.Parameters.AddWithValue("$time", time);
        using var reader = command.ExecuteReader();
        return reader.Read() ? (LaneTable.Of((Lane)reader.GetInt32(0)), reader.GetInt64(1)) : null;
    }

    private static LaneEvent? ReadOne(SqliteConnection connection, LaneTable lane, long canonicalTime, EventId id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {lane.Columns} FROM {lane.Name} WHERE canonical_truth_time = $time AND event_id = $id";
        command.Parameters.AddWithValue("$time", canonicalTime);
        command.Parameters.AddWithValue("$id", id.ToArray());
        using var reader = command.ExecuteReader();
        return reader.Read() ? lane.Read(reader) : null;
    }

    /// <inheritdoc/>
    public Task<EventChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(connection => ReadChanges(connection, after, cancellationToken), cancellationToken);

    // With one writer the order of canonical times is the commit order, so consecutive batches are a range of the lanes' keys.
    private static EventChanges ReadChanges(SqliteConnection connection, long after, CancellationToken cancellationToken)
    {
        var step = ChooseBatches(connection, after);
        var events = new List<LaneEvent>((int)step.Rows);
        if (step.Rows == 0) return new EventChanges(after, 0, events);
        var query = new EventQuery(EventFilter.All, Timebase.Canonical, EventDirection.Forward, step.First, step.Last + 1, null, EventQuery.MaxLimit);
        EventPosition? next;
        do
        {
            var page = SqliteEventPages.Read(connection, query, cancellationToken);
            events.AddRange(page.Events);
            next = page.Next;
            query = query with { After = next };
        }
        while (next is not null);
        return new EventChanges(step.UpTo, step.CommittedAt, events);
    }

    /// <inheritdoc/>
    public Task<EventHead> ReadHeadAsync(CancellationToken cancellationToken) => database.ReadStreamAsync(connection => SqliteEventSteps.ReadHead(connection, null), cancellationToken);

    /// <inheritdoc/>
    public Task<(long Batches, long Events, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken) => database.ReadStreamAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*), coalesce(sum(event_count), 0), min(committed_at) FROM event_batches WHERE last_canonical_time > $after";
            command.Parameters.AddWithValue("$after", after);
            using var reader = command.ExecuteReader();
            reader.Read();
            return (reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? (long?)null : reader.GetInt64(2));
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<EventStep> ReadStepAsync(EventStepQuery query, CancellationToken cancellationToken)
        => database.ReadStreamAsync(connection => SqliteEventSteps.Read(connection, query, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<EventPageToHead> ReadToHeadAsync(EventQuery query, CancellationToken cancellationToken)
        => database.ReadStreamAsync(connection => SqliteEventSteps.ReadToHead(connection, query, cancellationToken), cancellationToken);

    private static BatchStep ChooseBatches(SqliteConnection connection, long after)
    {
        using var command = connection.CreateCommand();
        command.CommandText = SelectBatches;
        command.Parameters.AddWithValue("$after", after);
        using var reader = command.ExecuteReader();
        var step = new BatchStep(after, EventsWanted);
        while (step.WantsMore && reader.Read()) step.Add(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
        return step;
    }
}
