using Npgsql;
using SensorDash.Data.Scrub;

namespace SensorDash.Data.Timescale;

/// <summary>An advisory lock of a connection.</summary>
public sealed class TimescaleScrubClaim(TimescaleDatabase database) : IScrubClaim
{
    private const string TryLock = "SELECT pg_try_advisory_lock(5318012)", Unlock = "SELECT pg_advisory_unlock(5318012)";

    /// <inheritdoc/>
    public async Task<IAsyncDisposable?> TryAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand(TryLock, connection);
            if (await command.ExecuteScalarAsync(cancellationToken) is true) return new Held(connection);
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            await connection.DisposeAsync();
            throw TimescaleErrors.Translate(e, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync();
        return null;
    }

    private sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await using var command = new NpgsqlCommand(Unlock, connection);
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
            catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
            {
                // The lock ends with its connection.
            }
            await connection.DisposeAsync();
        }
    }
}
