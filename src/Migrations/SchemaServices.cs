using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Storage;
using SensorDash.Migrations.Sqlite;
using SensorDash.Migrations.Timescale;

namespace SensorDash.Migrations;

/// <summary>Registers the context of one engine: exactly one, or <c>dotnet ef</c> would not know which is meant.</summary>
public static class SchemaServices
{
    public static IServiceCollection AddSqliteSchema(this IServiceCollection services)
    {
        services.AddDbContextFactory<SqliteContext>((provider, options) =>
        {
            var database = provider.GetRequiredService<SqliteDatabase>();
            database.CreateFolder();
            options.UseSqlite(database.ConnectionString, sqlite => sqlite.MigrationsAssembly(typeof(SqliteContext).Assembly));
        });
        return services.AddSingleton<IDbContextFactory<SensorDashContext>, ContextFactory<SqliteContext>>();
    }

    public static IServiceCollection AddTimescaleSchema(this IServiceCollection services)
    {
        services.AddDbContextFactory<TimescaleContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredService<TimescaleDatabase>().DataSource, npgsql => npgsql.MigrationsAssembly(typeof(TimescaleContext).Assembly))
            // On an empty database EF learns from a failing query that there is no history yet. A failure that matters is thrown.
            .ConfigureWarnings(warnings => warnings.Log((RelationalEventId.CommandError, LogLevel.Debug))));
        return services.AddSingleton<IDbContextFactory<SensorDashContext>, ContextFactory<TimescaleContext>>();
    }

    // Asks for the factory late: making its options touches the disk, and nothing may before the database is known to be ours.
    private sealed class ContextFactory<TContext>(IServiceProvider services) : IDbContextFactory<SensorDashContext>
        where TContext : SensorDashContext
    {
        public SensorDashContext CreateDbContext() => services.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();
    }
}
