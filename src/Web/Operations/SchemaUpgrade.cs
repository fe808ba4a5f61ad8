using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;
using SensorDash.Migrations;
using SensorDash.Web.Hosting;

namespace SensorDash.Web.Operations;

/// <summary>Brings the database's schema up to date: one migration after the other, each in one transaction, so that an interrupted upgrade goes on at the next start.</summary>
internal sealed partial class SchemaUpgrade(
    IStoreStartup store, [FromKeyedServices(SchemaServices.ForMigrations)] IDbContextFactory<SensorDashContext> contexts, IOptions<DatabaseOptions> options,
    ILogger<SchemaUpgrade> logger, UpgradeAnnouncer? announcer = null)
{
    /// <exception cref="StartupException">Migrations are pending and not allowed, do not fit on the disk, or are those of a newer version.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        // Reads only: EF locks its history table to migrate, and would wait for a running pg_dump.
        var applied = (await context.Database.GetAppliedMigrationsAsync(cancellationToken)).ToList();
        var known = context.Database.GetMigrations().ToList();
        if (applied.Except(known).LastOrDefault() is { } newer)
            throw new StartupException($"{store.Name} was upgraded by a newer version of SensorDash (its schema has the migration {newer}). Start that version, or restore a backup of this one.", null);
        var pending = known.Except(applied).ToList();
        if (pending.Count == 0) return;
        if (!options.Value.MigrateAtStart)
        {
            throw new StartupException($"{store.Name} is missing migrations {string.Join(", ", pending)}. "
                + "Run 'dotnet ef database update', or set Database__MigrateAtStart=true.", null);
        }
        await store.ReleaseMigrationLockAsync(cancellationToken);
        if (applied.Count > 0) await UpgradeAsync(context, pending, cancellationToken);
        else await context.Database.MigrateAsync(cancellationToken);
    }

    private async Task UpgradeAsync(SensorDashContext context, List<string> pending, CancellationToken cancellationToken)
    {
        if (store.FindUpgradeObstacle() is { } obstacle) throw new StartupException(obstacle, null);
        var notice = new UpgradeNotice();
        Log.Upgrading(logger, store.Name, pending.Count);
        if (announcer is not null) Log.Announced(logger, string.Join(", ", await announcer.AnnounceAsync(notice, cancellationToken)));
        notice.Step = "copying the database";
        if (await store.CopyBeforeUpgradeAsync(pending[0], cancellationToken) is { } copy) Log.Copied(logger, copy);
        var migrator = context.GetService<IMigrator>();
        for (var i = 0; i < pending.Count; i++)
        {
            var name = pending[i][(pending[i].IndexOf('_', StringComparison.Ordinal) + 1)..];
            notice.Step = FormattableString.Invariant($"step {i + 1} of {pending.Count}, {name}");
            Log.Step(logger, i + 1, pending.Count, name);
            await migrator.MigrateAsync(pending[i], cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(47, LogLevel.Information, "{Database} is upgraded by {Count} migrations.")]
        public static partial void Upgrading(ILogger logger, string database, int count);

        [LoggerMessage(49, LogLevel.Information, "Meanwhile {Addresses} shows how far it is.")]
        public static partial void Announced(ILogger logger, string addresses);

        [LoggerMessage(54, LogLevel.Information, "The database as it was before the upgrade is kept as {Copy}.")]
        public static partial void Copied(ILogger logger, string copy);

        [LoggerMessage(48, LogLevel.Information, "Migration {Number} of {Count}: {Name}")]
        public static partial void Step(ILogger logger, int number, int count, string name);
    }
}

/// <summary>Shows the notice of an upgrade at the addresses of the server; commands, and second stores, have none.</summary>
internal sealed class UpgradeAnnouncer(SwitchableServer server, IServiceProvider services, IConfiguration configuration)
{
    /// <inheritdoc cref="SwitchableServer.AnnounceAsync"/>
    public Task<IEnumerable<string>> AnnounceAsync(UpgradeNotice notice, CancellationToken cancellationToken)
    {
        services.GetRequiredService<IServer>(); // The first host makes it, as late as that.
        return server.AnnounceAsync(configuration[ListenAddresses.Setting], notice, cancellationToken);
    }
}
