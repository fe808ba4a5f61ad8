using Npgsql;

namespace SensorDash.Data.Timescale;

/// <summary>What the server supports for tables that grow with time.</summary>
public enum TimescaleEdition
{
    /// <summary>PostgreSQL without the extension: one table.</summary>
    Plain,

    /// <summary>Chunks by time; old chunks are dropped.</summary>
    Apache,

    /// <summary>As Apache, and old chunks are compressed.</summary>
    Community,
}

/// <summary>How the server partitions readings and events, and the settings for it.</summary>
internal static class TimescaleLayout
{
    private const string HasExtension = "SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL";

    private const string HasHypertable = """
        SELECT EXISTS (SELECT FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema() AND hypertable_name = 'sensor_readings')
        """;

    private const string ChunkInterval = """
        SELECT time_interval FROM timescaledb_information.dimensions WHERE hypertable_schema = current_schema() AND hypertable_name = $1
        """;

    private const string CompressionAfter = """
        SELECT coalesce((SELECT (config ->> 'compress_after')::interval FROM timescaledb_information.jobs
        WHERE hypertable_schema = current_schema() AND hypertable_name = $1 AND config ? 'compress_after'), interval '0')
        """;

    // As queries need them: one node's readings together in order of time, events in the order of the contract.
    private static readonly Hypertable[] _hypertables = [
        new("sensor_readings", "node_address", "timestamp"),
        new("event_index", "", "source_truth_time, event_id"),
        new("metadata_events", "", "canonical_truth_time, event_id"),
        new("command_events", "", "canonical_truth_time, event_id"),
        new("ui_events", "", "canonical_truth_time, event_id"),
        new("parsed_events", "", "canonical_truth_time, event_id"),
        new("raw_events", "", "canonical_truth_time, connection_id, sequence, event_id")];

    private sealed record Hypertable(string Name, string SegmentBy, string OrderBy);

    public static async Task<bool> IsHypertableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
        => await QueryAsync<bool>(connection, HasExtension, cancellationToken) && await QueryAsync<bool>(connection, HasHypertable, cancellationToken);

    public static async Task<TimescaleEdition> EditionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await IsHypertableAsync(connection, cancellationToken)) return TimescaleEdition.Plain;
        return await QueryAsync<string>(connection, "SELECT coalesce(current_setting('timescaledb.license', true), '')", cancellationToken) == "timescale"
            ? TimescaleEdition.Community : TimescaleEdition.Apache;
    }

    /// <summary>Applies the settings for chunk interval, compression policy and optional indexes; does nothing if they are current.</summary>
    public static async Task<TimescaleEdition> ApplyAsync(NpgsqlConnection connection, TimescaleOptions settings, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Several processes may start at the same time.
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(5318009)", cancellationToken);
        var edition = await EditionAsync(connection, cancellationToken);
        var options = settings.Hypertable;
        foreach (var table in edition == TimescaleEdition.Plain ? [] : _hypertables)
        {
            if (await QueryAsync<TimeSpan>(connection, ChunkInterval, cancellationToken, table.Name) != options.ChunkInterval)
                await ExecuteAsync(connection, $"SELECT set_chunk_time_interval('{table.Name}', {Interval(options.ChunkInterval)})", cancellationToken);
            if (edition == TimescaleEdition.Community)
                await ApplyCompressionAsync(connection, table, options.CompressionAfter, cancellationToken);
        }
        await ScheduleCompressionAsync(connection, isScheduled: true, cancellationToken);
        await TimescaleOptionalIndexes.ApplyAsync(connection, settings, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return edition;
    }

    // Those of a transfer that was killed are paused.
    private const string ScheduleCompression = """
        SELECT count(alter_job(job_id, scheduled => $1, next_start => CASE WHEN $1 THEN now() END)) FROM timescaledb_information.jobs
        WHERE hypertable_schema = current_schema() AND config ? 'compress_after' AND scheduled <> $1
        """;

    /// <summary>Pauses or resumes the compression of all tables, if the server has it.</summary>
    public static async Task ScheduleCompressionAsync(NpgsqlConnection connection, bool isScheduled, CancellationToken cancellationToken)
    {
        if (await EditionAsync(connection, cancellationToken) != TimescaleEdition.Community) return;
        await using var command = new NpgsqlCommand(ScheduleCompression, connection);
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = isScheduled });
        await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task ApplyCompressionAsync(NpgsqlConnection connection, Hypertable table, TimeSpan after, CancellationToken cancellationToken)
    {
        if (await QueryAsync<TimeSpan>(connection, CompressionAfter, cancellationToken, table.Name) == after) return;
        await ExecuteAsync(connection, $"SELECT remove_compression_policy('{table.Name}', if_exists => true)", cancellationToken);
        if (after == TimeSpan.Zero) return;
        await ExecuteAsync(
            connection,
            $"ALTER TABLE {table.Name} SET (timescaledb.compress, timescaledb.compress_segmentby = '{table.SegmentBy}', timescaledb.compress_orderby = '{table.OrderBy}')",
            cancellationToken);
        await ExecuteAsync(
            connection, $"SELECT add_compression_policy('{table.Name}', compress_after => {Interval(after)})", cancellationToken);
    }

    // In days and shorter units: the server shows a day as "1 day", not as "24:00:00".
    private static string Interval(TimeSpan span)
        => FormattableString.Invariant($"make_interval(days => {span.Days}, hours => {span.Hours}, mins => {span.Minutes}, secs => {(double)(span.Ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond})");

    private static async Task<T> QueryAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params string[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
