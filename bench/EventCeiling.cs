using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>The standard way to bulk write raw events: COPY to a staging table, from there into the index and the lane. No outcomes, no writer lock, no batch rows.</summary>
internal static class EventCeiling
{
    private const int EventsPerTransaction = 20_000;

    private const string Insert = """
        INSERT INTO event_index SELECT source_truth_time, event_id, 4, canonical_truth_time, 0 FROM staging ON CONFLICT DO NOTHING;
        INSERT INTO raw_events SELECT * FROM staging ON CONFLICT DO NOTHING
        """;

    /// <summary>Events per second into the migrated, empty database of <paramref name="fixture"/>.</summary>
    public static async Task<double> MeasureAsync(TimescaleStoreFixture fixture, int count)
    {
        await using var connection = await fixture.OpenAsync();
        await ExecuteAsync(connection, "CREATE UNLOGGED TABLE staging (LIKE raw_events)");
        var watch = new Stopwatch();
        foreach (var batch in SyntheticEvents.Batches(count, EventsPerTransaction))
        {
            watch.Start();
            await using var transaction = await connection.BeginTransactionAsync();
            await CopyAsync(connection, batch);
            await ExecuteAsync(connection, Insert);
            await ExecuteAsync(connection, "TRUNCATE staging");
            await transaction.CommitAsync();
            watch.Stop();
        }
        return count / watch.Elapsed.TotalSeconds;
    }

    private static async Task CopyAsync(NpgsqlConnection connection, LaneEvent[] batch)
    {
        await using var copy = await connection.BeginBinaryImportAsync("""
            COPY staging (canonical_truth_time, event_id, connection_id, sequence, bytes, scope_id, source_truth_time, batch_id) FROM STDIN (FORMAT BINARY)
            """);
        foreach (var raw in batch.Cast<RawEvent>())
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(PgTime.OfMicroseconds(raw.SourceTime), NpgsqlDbType.TimestampTz);
            await copy.WriteAsync(raw.Id.ToArray(), NpgsqlDbType.Bytea);
            await copy.WriteAsync(raw.ConnectionId, NpgsqlDbType.Text);
            await copy.WriteAsync(raw.Sequence, NpgsqlDbType.Bigint);
            await copy.WriteAsync(raw.Content, NpgsqlDbType.Bytea);
            await copy.WriteAsync(raw.ScopeId, NpgsqlDbType.Text);
            await copy.WriteAsync(PgTime.OfMicroseconds(raw.SourceTime), NpgsqlDbType.TimestampTz);
            await copy.WriteAsync(1L, NpgsqlDbType.Bigint);
        }
        await copy.CompleteAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
