using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations;

internal static class DatabaseStartupServices
{
    public static IServiceCollection AddDatabaseStartup(this IServiceCollection services) => services.AddSingleton<SchemaUpgrade>().AddSingleton<DatabaseStartup>();
}

/// <summary>Claims the database for this process and migrates its schema before anything uses it.</summary>
internal sealed class DatabaseStartup(IStoreStartup store, SchemaUpgrade upgrade, DuckDbSidePathSource? sidePath = null)
{
    /// <exception cref="StartupException">The database is unavailable, or migrations are pending.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (store.Damage is not { IsComplete: false }) ThrowIfLost(cancellationToken);
            await store.ClaimAsync(cancellationToken);
            var isDamaged = store.Damage is { IsComplete: false };
            // It may hold readings that the damaged file does not give any more; the new database would clear it.
            var sidePathAside = isDamaged ? sidePath?.SetAside() : null;
            await upgrade.RunAsync(cancellationToken);
            if (isDamaged) await store.CompleteDamageAsync(sidePathAside, cancellationToken);
            await store.ApplySettingsAsync(cancellationToken);
        }
        catch (StoreStartupException e)
        {
            throw new StartupException(e.Message, e);
        }
        catch (Exception e) when (e is not StartupException && store.Explain(e) is { } message)
        {
            throw new StartupException(message, e);
        }
    }

    // An empty store would clear the side path, which may be the only copy of its readings.
    private void ThrowIfLost(CancellationToken cancellationToken)
    {
        if (!store.IsNew || sidePath?.ReadStored(cancellationToken) is not { Rows: > 0 } stored) return;
        throw new StartupException($"the database {store.Name} is missing or empty, but the side path {stored.Path} holds {stored.Rows} of its readings. "
            + "Restore the database from a backup. To start with an empty database instead, delete or rename the side path.", null);
    }
}
