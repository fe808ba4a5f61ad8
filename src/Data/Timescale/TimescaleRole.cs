using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Whether a database still takes data. Several processes may write to it, and only one of them runs a cut-over: the others learn of it here, before their next commit.</summary>
internal static class TimescaleRole
{
    /// <summary>Makes a change of the role wait for commits under way, and those that come later see it.</summary>
    public const string Lock = "SELECT pg_advisory_xact_lock(5318008), pg_advisory_xact_lock(5318010)";

    /// <summary>After the lock of the writer of readings.</summary>
    public const string OfReadings = "SELECT role = 'primary' AND readings_role = 'primary', coalesce(CASE WHEN role <> 'primary' THEN successor ELSE readings_successor END, 'another store') FROM store_info";

    /// <summary>After the lock of the writer of events.</summary>
    public const string OfEvents = "SELECT role = 'primary', coalesce(successor, 'another store') FROM store_info";

    /// <summary>Runs one of these queries.</summary>
    /// <exception cref="StoreUnavailableException">The database takes nothing.</exception>
    public static async Task ThrowIfNotPrimaryAsync(NpgsqlConnection connection, string query, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(query, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await ThrowIfNotPrimaryAsync(reader, cancellationToken);
    }

    /// <summary>Reads the result of one of these queries.</summary>
    /// <exception cref="StoreUnavailableException">The database takes nothing.</exception>
    public static async Task ThrowIfNotPrimaryAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken);
        if (!reader.GetBoolean(0)) throw new StoreUnavailableException($"The database takes nothing any more, because its data is in {reader.GetString(1)} now. Restart this process with that store.");
    }
}
