using Microsoft.Extensions.Options;
using SensorDash.Data;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Migrations;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Transfer;

/// <summary>Opens the stores that a command names.</summary>
internal sealed class TransferStores(IConfiguration configuration, TimeProvider clock)
{
    private readonly TimescaleOptions _timescale = configuration.GetSection(TimescaleOptions.SectionName).Get<TimescaleOptions>() ?? new();
    /// <summary>The database of the settings.</summary>
    public TransferAddress Configured => configuration["Database:Provider"] == DatabaseOptions.TimescaleProvider ? new(StoreKind.Timescale, "")
        : new(StoreKind.Sqlite, Path.GetFullPath(configuration["Database:Sqlite:Path"] ?? new SqliteOptions().Path, configuration[WebHostDefaults.ContentRootKey] ?? Environment.CurrentDirectory));

    /// <summary>What an address of a server does not say.</summary>
    public TimescaleOptions Timescale => _timescale;

    private readonly AnalyticsOptions _analytics = configuration.GetSection(AnalyticsOptions.SectionName).Get<AnalyticsOptions>() ?? new();

    /// <summary>Opens a store or file read-only.</summary>
    /// <param name="address">The store.</param>
    /// <param name="isQuiet">Whether no other program may use it.</param>
    /// <param name="isFollowed">Whether the program of a former system goes on writing it.</param>
    /// <exception cref="TransferException">It cannot be read.</exception>
    public ITransferSource OpenSource(TransferAddress address, bool isQuiet = true, bool isFollowed = false) => address.Kind switch
    {
        StoreKind.Sqlite => SqliteTransfer.OpenSource(address.Place, SchemaServices.SqliteContexts, isQuiet, clock, isFollowed),
        StoreKind.DuckDb => DuckDbTransfer.OpenSource(address.Place, _analytics.MemoryLimitMiB, _analytics.Threads, clock),
        StoreKind.Csv => FileKinds.OpenCsv(address.Place, clock),
        _ => TimescaleTransfer.OpenSource(address.Place, _timescale, SchemaServices.TimescaleContexts, clock),
    };

    /// <summary>Opens a store for this process, creates it if it does not exist, and brings its schema up to date.</summary>
    /// <exception cref="TransferException">It is a file that is only read.</exception>
    /// <exception cref="StartupException">It is unavailable, or in use.</exception>
    public async Task<OpenTarget> OpenTargetAsync(TransferAddress address, CancellationToken cancellationToken)
    {
        if (address.Kind == StoreKind.Csv) throw new TransferException("A CSV file can be a source only. The Export page and GET /api/export write one.");
        if (address.Kind == StoreKind.DuckDb) return new(DuckDbTransfer.OpenTarget(address.Place, _analytics.MemoryLimitMiB, _analytics.Threads, clock), null);
        if (address.Kind == StoreKind.Sqlite) await ThrowIfOtherAsync(address);
        var services = new ServiceCollection();
        var isSqlite = address.Kind == StoreKind.Sqlite;
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(
            isSqlite ? [new("Database:Provider", DatabaseOptions.SqliteProvider), new("Database:Sqlite:Path", address.Place), new("Database:MigrateAtStart", "true")]
                : [new("Database:Provider", DatabaseOptions.TimescaleProvider), new("Database:MigrateAtStart", "true")]).Build());
        services.AddLogging();
        services.AddSensorDashData();
        if (isSqlite) services.AddSqlite().AddSqliteSchema();
        else services.AddTimescale().AddTimescaleSchema().AddSingleton(Options.Create(TimescaleTransfer.Parse(address.Place, _timescale)));
        services.AddDatabaseStartup();
        var provider = services.BuildServiceProvider();
        try
        {
            await provider.GetRequiredService<DatabaseStartup>().RunAsync(cancellationToken);
            return new(
                isSqlite ? SqliteTransfer.OpenTarget(provider.GetRequiredService<SqliteDatabase>(), Contexts(provider), clock)
                    : TimescaleTransfer.OpenTarget(provider.GetRequiredService<TimescaleDatabase>(), Contexts(provider), clock),
                provider);
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    private static Microsoft.EntityFrameworkCore.IDbContextFactory<SensorDashContext> Contexts(IServiceProvider provider)
        => provider.GetRequiredService<Microsoft.EntityFrameworkCore.IDbContextFactory<SensorDashContext>>();

    // Its tables have the same names as ours, and the schema would be added to it.
    private async Task ThrowIfOtherAsync(TransferAddress address)
    {
        if (!File.Exists(address.Place) || new FileInfo(address.Place).Length == 0) return;
        await using var there = OpenSource(address);
        if (there is not StoreSource) throw new TransferException($"{address.Place} is a file of the {there.Kind}; the target must be another file, or a new one.");
    }
}

/// <summary>A target with what it needs.</summary>
internal sealed record OpenTarget(ITransferTarget Store, ServiceProvider? Services) : IAsyncDisposable
{
    /// <summary>Tells the audit log of the target, if it has one, what a command has done.</summary>
    public Task RecordAsync(string action, string target)
        => Services?.GetRequiredService<AuditLog>().RecordAsync(AuditLog.CommandLine, null, action, target, AuditOutcome.Done, null) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        if (Services is not null) await Services.DisposeAsync();
    }
}
