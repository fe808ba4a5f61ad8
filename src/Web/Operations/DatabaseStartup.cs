using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;
using SensorDash.Migrations;

namespace SensorDash.Web.Operations;

/// <summary>Takes the database for this process and brings its schema up to date before anything uses it.</summary>
internal sealed class DatabaseStartup(
    IStoreStartup store, [FromKeyedServices(SchemaServices.ForMigrations)] IDbContextFactory<SensorDashContext> contexts, IOptions<DatabaseOptions> options)
{
    /// <exception cref="StartupException">The database cannot be had, or its schema is behind.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
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

    private async Task PrepareSchemaAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        // Not even asked to migrate when there is nothing to: EF locks its history for that, and would wait for a pg_dump to end.
        var pending = await context.Database.GetPendingMigrationsAsync(cancellationToken);
        if (!pending.Any()) return;
        if (options.Value.MigrateAtStart) await context.Database.MigrateAsync(cancellationToken);
        else
        {
            throw new StartupException($"the schema of {store.Name} lacks {string.Join(", ", pending)}. "
                + "Run 'dotnet ef database update', or set Database__MigrateAtStart=true.", null);
        }
    }
}
