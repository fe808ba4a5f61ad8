using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IEventStore"/>
/// <remarks>Several processes may use one database: their writers share a lock on the server, readers never wait.</remarks>
public sealed class TimescaleEventStore(TimescaleDatabase database, EventCommitSignal commits, TimeProvider clock) : IEventStore, IDisposable, IAsyncDisposable
{
    private const long DayMicroseconds = 86_400_000_000;

    // Whole batches are read until this many events.
    private const int EventsWanted = 10_000;

    private const string FindIndexAt = "SELECT lane, first_seen FROM event_index WHERE source_truth_time = $1 AND event_id = $2";

    private const string FindIndexBetween = """
        SELECT lane, first_seen FROM event_index WHERE source_truth_time > $1 AND source_truth_time <= $2 AND event_id = $3 LIMIT 1
        """;

    private const string SelectBatches = """
        SELECT id, committed_at, event_count, first_canonical_time, last_canonical_time FROM event_batches WHERE id > $1 ORDER BY id LIMIT 10000
        """;

    // An id alone has no index (ADR 0011): search the latest days, then further back. A statement locks every chunk of its range, and the server has few thousand locks.
    private const int LongestRangeDays = 400;
    private static readonly int[] _daysBack = [1, 10, 100];

    private readonly TimescaleEventWriter _writer = new(database, commits, clock);

    /// <inheritdoc/>
    public Task<int> AppendAsync(ReadOnlyMemory<LaneEvent> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => _writer.AppendAsync(batch, outcomes, cancellationToken);

    /// <inheritdoc/>
    public Task<EventPage> ReadAsync(EventQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, EventQuery.MaxLimit);
        return database.ReadAsync((connection, token) => TimescaleEventPages.ReadAsync(connection, query, database.HasContentIndex, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LaneEvent?> FindAsync(EventId id, long? sourceTime, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                var place = sourceTime is { } time ? await FindPlaceAsync(connection, FindIndexAt, id, token, time) : await FindPlaceAsync(connection, id, token);
                return place is var (lane, canonicalTime) ? await ReadOneAsync(connection, lane, canonicalTime, id, token) : null;
            },
            cancellationToken);

    private async Task<(LaneTable Lane, long CanonicalTime)?> FindPlaceAsync(NpgsqlConnection connection, EventId id, CancellationToken cancellationToken)
    {
        var (now, to) = (clock.NowMicroseconds(), long.MaxValue);
        for (var (step, days) = (0, 0); to >= EventTime.Earliest; step++)
        {
            days = step < _daysBack.Length ? _daysBack[step] : days + LongestRangeDays;
            var from = now - (days * DayMicroseconds);
            if (await FindPlaceAsync(connection, FindIndexBetween, id, cancellationToken, from, to) is { } place) return place;
            to = from;
        }
        return null;
    }

    private static async Task<(LaneTable Lane, long CanonicalTime)?> FindPlaceAsync(
        NpgsqlConnection connection, string sql, EventId id, CancellationToken cancellationToken, params long[] times)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var time in times) command.Parameters.Add(PgTime.Microseconds(time));
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = id.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (LaneTable.Of((Lane)reader.GetInt16(0)), reader.GetMicroseconds(1)) : null;
    }

    private static async Task<LaneEvent?> ReadOneAsync(NpgsqlConnection connection, LaneTable lane, long canonicalTime, EventId id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {lane.Columns} FROM {lane.Name} WHERE canonical_truth_time = $1 AND event_id = $2", connection);
        command.Parameters.Add(PgTime.Microseconds(canonicalTime));
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = id.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? TimescaleLane.Read(lane, reader, new CanonicalJson()) : null;
    }

    // Under the writer lock the order of canonical times is the commit order, so consecutive batches are a range of the lanes' keys.
    /// <inheritdoc/>
    public Task<EventChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                var step = await ChooseBatchesAsync(connection, after, token);
                var events = new List<LaneEvent>((int)step.Rows);
                if (step.Rows == 0) return new EventChanges(after, 0, events);
                var query = new EventQuery(EventFilter.All, Timebase.Canonical, EventDirection.Forward, step.First, step.Last + 1, null, EventQuery.MaxLimit);
                EventPosition? next;
                do
                {
                    var page = await TimescaleEventPages.ReadAsync(connection, query, hasContentIndex: false, token);
                    events.AddRange(page.Events);
                    next = page.Next;
                    query = query with { After = next };
                }
                while (next is not null);
                return new EventChanges(step.UpTo, step.CommittedAt, events);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<EventHead> ReadHeadAsync(CancellationToken cancellationToken) => database.ReadAsync(TimescaleEventSteps.ReadHeadAsync, cancellationToken);

    /// <inheritdoc/>
    public Task<(long Batches, long Events, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("SELECT count(*), coalesce(sum(event_count), 0)::bigint, min(committed_at) FROM event_batches WHERE last_canonical_time > $1", connection);
            command.Parameters.Add(PgTime.Microseconds(after));
            await using var reader = await command.ExecuteReaderAsync(token);
            await reader.ReadAsync(token);
            return (reader.GetInt64(0), reader.GetInt64(1), await reader.IsDBNullAsync(2, token) ? (long?)null : reader.GetMicroseconds(2));
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<EventStep> ReadStepAsync(EventStepQuery query, CancellationToken cancellationToken)
        => database.ReadAsync((connection, token) => TimescaleEventSteps.ReadAsync(connection, query, token), cancellationToken);

    /// <inheritdoc/>
    public Task<EventPageToHead> ReadToHeadAsync(EventQuery query, CancellationToken cancellationToken)
        => database.ReadAsync((connection, token) => TimescaleEventSteps.ReadToHeadAsync(connection, query, database.HasContentIndex, token), cancellationToken);

    private static async Task<BatchStep> ChooseBatchesAsync(NpgsqlConnection connection, long after, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectBatches, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var step = new BatchStep(after, EventsWanted);
        while (step.WantsMore && await reader.ReadAsync(cancellationToken)) step.Add(reader.GetInt64(0), reader.GetMicroseconds(1), reader.GetInt64(2), reader.GetMicroseconds(3), reader.GetMicroseconds(4));
        return step;
    }

    public void Dispose() => _writer.Dispose();

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
