using Npgsql;
using SensorDash.Data.Events;

namespace SensorDash.Data.Timescale;

/// <summary>The optional GIN indexes of the JSON content of events. Only queries with payload conditions use them, and every event pays for them.</summary>
internal static class TimescaleContentIndex
{
    private const string Exists = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";

    /// <summary>Creates or drops the indexes; does nothing if the setting is current. Creating them reads all events, however long that takes.</summary>
    /// <param name="connection">With an open transaction.</param>
    public static async Task ApplyAsync(NpgsqlConnection connection, bool isWanted, CancellationToken cancellationToken)
    {
        foreach (var lane in Lanes.All.Where(lane => lane.HoldsJson()).Select(LaneTable.Of))
        {
            var index = NameOf(lane);
            await using var find = new NpgsqlCommand(Exists, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = index } } };
            if ((bool)(await find.ExecuteScalarAsync(cancellationToken))! == isWanted) continue;
            var change = isWanted ? $"CREATE INDEX {index} ON {lane.Name} USING gin ({lane.Content} jsonb_path_ops)" : $"DROP INDEX {index}";
            await using var apply = new NpgsqlCommand("SET LOCAL statement_timeout = 0; " + change, connection) { CommandTimeout = 0 };
            await apply.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    internal static string NameOf(LaneTable lane) => $"ix_{lane.Name}_content";
}
