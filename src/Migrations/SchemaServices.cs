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

/// <summary>Registers the context of one engine: exactly one, or <c>dotnet ef</c> would not know which is meant.</summary>
public static class SchemaServices
{
    /// <summary>Key of the factory whose contexts migrate; all others keep the limits of the settings.</summary>
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
            // What "dotnet ef" makes is the one context of this registration that migrates.
            if (EF.IsDesignTime) UseForMigrations(options, provider);
            else options.UseNpgsql(provider.GetRequiredService<TimescaleDatabase>().DataSource);
        });
        return services
            .AddSingleton<IDbContextFactory<SensorDashContext>, ContextFactory<TimescaleContext>>()
            .AddKeyedSingleton<IDbContextFactory<SensorDashContext>, TimescaleMigrationContexts>(ForMigrations);
    }

    private static DbContextOptionsBuilder UseForMigrations(DbContextOptionsBuilder options, IServiceProvider provider) => options
        .UseNpgsql(
            provider.GetRequiredService<TimescaleDatabase>().MigrationConnectionString,
            npgsql => npgsql.MigrationsAssembly(typeof(TimescaleContext).Assembly))
        // On an empty database EF learns from a failing query that there is no history yet. A failure that matters is thrown.
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

    // Asks for the factory late: making its options touches the disk, and nothing may before the database is known to be ours.
    private sealed class ContextFactory<TContext>(IServiceProvider services) : IDbContextFactory<SensorDashContext>
        where TContext : SensorDashContext
    {
        public SensorDashContext CreateDbContext() => services.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();
    }
}
