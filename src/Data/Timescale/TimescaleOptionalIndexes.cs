using Npgsql;
using SensorDash.Data.Events;

namespace SensorDash.Data.Timescale;

/// <summary>The indexes that a setting switches on, because every new row pays for them: GIN indexes of the JSON content of events, which only queries with payload conditions use,
/// and one of readings that has their values, so that a node's readings need not be fetched from as many pages of the table.</summary>
internal static class TimescaleOptionalIndexes
{
    private const string NodeIndex = "ix_sensor_readings_values";

    private const string Values = "sensor_readings (node_address, timestamp) INCLUDE (temperature_centidegrees, humidity_centipercent, flags, received_at)";

    // The server reads only the index where a vacuum has seen the page of the table. By default it comes round after a fifth of a chunk, and for the last fifth never. Chunks have the settings of their table.
    private const string VacuumSoon =
        "ALTER TABLE sensor_readings SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_cost_delay = 0)";

    private const string VacuumAsUsual =
        "ALTER TABLE sensor_readings RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold, autovacuum_vacuum_cost_delay)";

    private const string Exists = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";

    /// <summary>Creates or drops the indexes; does nothing if the settings are current. Creating them reads all rows, however long that takes.</summary>
    /// <param name="connection">With an open transaction.</param>
    public static async Task ApplyAsync(NpgsqlConnection connection, TimescaleOptions settings, CancellationToken cancellationToken)
    {
        foreach (var lane in Lanes.All.Where(lane => lane.HoldsJson()).Select(LaneTable.Of))
            await ApplyAsync(connection, NameOf(lane), $"{lane.Name} USING gin ({lane.Content} jsonb_path_ops)", settings.ContentIndex, cancellationToken);
        if (await ApplyAsync(connection, NodeIndex, Values, settings.NodeIndex, cancellationToken))
            await ExecuteAsync(connection, settings.NodeIndex ? VacuumSoon : VacuumAsUsual, cancellationToken);
    }

    // Whether something was changed.
    private static async Task<bool> ApplyAsync(NpgsqlConnection connection, string index, string on, bool isWanted, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(Exists, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = index } } };
        if ((bool)(await find.ExecuteScalarAsync(cancellationToken))! == isWanted) return false;
        await ExecuteAsync(connection, "SET LOCAL statement_timeout = 0; " + (isWanted ? $"CREATE INDEX {index} ON {on}" : $"DROP INDEX {index}"), cancellationToken);
        return true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal static string NameOf(LaneTable lane) => $"ix_{lane.Name}_content";
}
