using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Migrations.Sqlite;
using SensorDash.Migrations.Timescale;

namespace SensorDash.Migrations;

/// <summary>Registers the context of one engine: exactly one, because <c>dotnet ef</c> needs a unique context.</summary>
public static class SchemaServices
{
    /// <summary>Key of the factory for contexts that migrate; all others have the timeouts of the settings.</summary>
    public const string ForMigrations = "migrations";

    public static IServiceCollection AddSqliteSchema(this IServiceCollection services)
    {
        services.AddDbContextFactory<SqliteContext>((provider, options) =>
        {
            var database = provider.GetRequiredService<SqliteDatabase>();
            database.CreateFolder();
            options.UseSqlite(database.ConnectionString, sqlite => sqlite.MigrationsAssembly(typeof(SqliteContext).Assembly));
        });
        return services
            .AddSingleton<IDbContextFactory<SensorDashContext>, ContextFactory<SqliteContext>>()
            .AddKeyedSingleton<IDbContextFactory<SensorDashContext>, ContextFactory<SqliteContext>>(ForMigrations);
    }

    public static IServiceCollection AddTimescaleSchema(this IServiceCollection services)
    {
        services.AddDbContextFactory<TimescaleContext>((provider, options) =>
        {
            // The context that "dotnet ef" creates is the one of this registration that migrates.
            if (EF.IsDesignTime) UseForMigrations(options, provider);
            else options.UseNpgsql(provider.GetRequiredService<TimescaleDatabase>().DataSource);
        });
        return services
            .AddSingleton<IDbContextFactory<SensorDashContext>, ContextFactory<TimescaleContext>>()
            .AddKeyedSingleton<IDbContextFactory<SensorDashContext>, TimescaleMigrationContexts>(ForMigrations);
    }

    /// <summary>Contexts of a file that is not the database of the settings.</summary>
    public static IDbContextFactory<SensorDashContext> SqliteContexts(string connectionString)
        => new OtherContexts(() => new SqliteContext(new DbContextOptionsBuilder<SqliteContext>().UseSqlite(connectionString).Options));

    /// <summary>Contexts of a server that is not the database of the settings.</summary>
    public static IDbContextFactory<SensorDashContext> TimescaleContexts(TimescaleDatabase database)
        => new OtherContexts(() => new TimescaleContext(new DbContextOptionsBuilder<TimescaleContext>().UseNpgsql(database.DataSource).Options));

    private sealed class OtherContexts(Func<SensorDashContext> create) : IDbContextFactory<SensorDashContext>
    {
        public SensorDashContext CreateDbContext() => create();
    }

    private static DbContextOptionsBuilder UseForMigrations(DbContextOptionsBuilder options, IServiceProvider provider) => options
        .UseNpgsql(
            provider.GetRequiredService<TimescaleDatabase>().MigrationConnectionString,
            npgsql => npgsql.MigrationsAssembly(typeof(TimescaleContext).Assembly))
        // On an empty database EF detects a missing history by a failing query. Relevant errors are thrown.
        .ConfigureWarnings(warnings => warnings.Log((RelationalEventId.CommandError, LogLevel.Debug)));

    private sealed class TimescaleMigrationContexts(IServiceProvider services) : IDbContextFactory<SensorDashContext>
    {
        public SensorDashContext CreateDbContext()
        {
            var options = new DbContextOptionsBuilder<TimescaleContext>();
            UseForMigrations(options.UseApplicationServiceProvider(services), services);
            return new TimescaleContext(options.Options);
        }
    }

    // Resolves the factory late: creating its options accesses the disk, which is allowed only after the database is claimed.
    private sealed class ContextFactory<TContext>(IServiceProvider services) : IDbContextFactory<SensorDashContext>
        where TContext : SensorDashContext
    {
        public SensorDashContext CreateDbContext() => services.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();
    }
}
