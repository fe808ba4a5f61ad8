using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IStoreHealth"/>
public sealed class TimescaleStoreHealth(TimescaleDatabase database) : IStoreHealth
{
    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(token);
                // The lock that every insert acquires: a standby, a read-only server and a locked table reject it.
                await using var command = new NpgsqlCommand("LOCK TABLE sensor_readings IN ROW EXCLUSIVE MODE", connection, transaction);
                return await command.ExecuteNonQueryAsync(token);
            },
            cancellationToken);
}
