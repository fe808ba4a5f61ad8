using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.Storage;
using SensorDash.Migrations;

namespace SensorDash.Web.Operations;

/// <summary>Claims the database for this process and migrates its schema before anything uses it.</summary>
internal sealed class DatabaseStartup(
    IStoreStartup store, [FromKeyedServices(SchemaServices.ForMigrations)] IDbContextFactory<SensorDashContext> contexts, IOptions<DatabaseOptions> options,
    DuckDbSidePathSource? sidePath = null)
{
    /// <exception cref="StartupException">The database is unavailable, or migrations are pending.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            ThrowIfLost(cancellationToken);
            await store.ClaimAsync(cancellationToken);
            await PrepareSchemaAsync(cancellationToken);
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

    private async Task PrepareSchemaAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        // Skipped without pending migrations: EF locks its history table for it, and would wait for a running pg_dump.
        var pending = await context.Database.GetPendingMigrationsAsync(cancellationToken);
        if (!pending.Any()) return;
        if (!options.Value.MigrateAtStart)
        {
            throw new StartupException($"{store.Name} is missing migrations {string.Join(", ", pending)}. "
                + "Run 'dotnet ef database update', or set Database__MigrateAtStart=true.", null);
        }
        await store.ReleaseMigrationLockAsync(cancellationToken);
        await context.Database.MigrateAsync(cancellationToken);
    }
}
