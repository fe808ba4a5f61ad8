using SensorDash.Data;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Migrations;
using SensorDash.Web.Backups;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Damage;

namespace SensorDash.Web.Commands.Backup;

/// <summary>The stores and backups of the settings, for a command.</summary>
internal sealed class BackupHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private SqliteFileLock? _lock;

    public BackupHost(IConfiguration configuration)
    {
        Database = new TransferStores(configuration, TimeProvider.System).Configured;
        var root = configuration[WebHostDefaults.ContentRootKey] ?? Environment.CurrentDirectory;
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(
            Database.Kind == StoreKind.Sqlite ? [new("Database:Sqlite:Path", Database.Place)] : []).Build());
        services.AddLogging();
        services.AddSensorDashData();
        if (Database.Kind == StoreKind.Sqlite) services.AddSqlite().AddSqliteSchema();
        else services.AddTimescale().AddTimescaleSchema();
        if (configuration.GetValue<ReadingsBackend>("Readings:Backend") == ReadingsBackend.DuckDb) services.AddDuckDbReadings();
        services.PostConfigure<ReadingsOptions>(options => options.DuckDb.Path = Path.GetFullPath(options.DuckDb.Path, root));
        services.AddBackupFolder(root);
        _services = services.BuildServiceProvider();
    }

    /// <summary>The database of the settings.</summary>
    public TransferAddress Database { get; }

    public Data.Backup.Backups Backups => _services.GetRequiredService<Data.Backup.Backups>();

    /// <summary>Damage that waits for a decision; null without.</summary>
    public StoreDamage? Damage => _services.GetRequiredService<IStoreStartup>().Damage;

    /// <summary>Repairs the database.</summary>
    public DatabaseRepair Repair => ActivatorUtilities.CreateInstance<DatabaseRepair>(_services);

    /// <summary>Goes on without the damaged database.</summary>
    public void ForgetDamage() => _services.GetRequiredService<IStoreStartup>().ForgetDamage();

    /// <summary>Makes sure that the database exists, and that no server uses it as long as this is open.</summary>
    /// <exception cref="BackupException">There is none, or another process uses it.</exception>
    public async Task ClaimAsync(CancellationToken cancellationToken)
    {
        var startup = _services.GetRequiredService<IStoreStartup>();
        if (startup.IsNew) throw new BackupException($"There is no database {startup.Name}. Start the server once, or name the file with --Database:Sqlite:Path.");
        try
        {
            // Not the claim of a start, which sets a damaged file aside.
            if (Database.Kind == StoreKind.Sqlite) _lock = SqliteFileLock.Acquire(Database.Place, TimeProvider.System);
            else await startup.ClaimAsync(cancellationToken);
        }
        catch (Exception e) when (e is StoreStartupException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new BackupException(e.Message, e);
        }
    }

    /// <summary>Ends the notice of a damaged database, if there is one; its files stay.</summary>
    public void EndDamage(string result)
    {
        if (Database.Kind != StoreKind.Sqlite || StoreDamage.Read(Database.Place) is not { } damage) return;
        new RepairResult("restore", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), result, []).Write(damage.Aside);
        StoreDamage.Forget(Database.Place);
    }

    /// <summary>Tells the audit log of the database what a command has done, if there is a database.</summary>
    public async Task RecordAsync(string action, string backup, bool isDone, string? detail)
    {
        if (_services.GetRequiredService<IStoreStartup>().IsNew) return;
        await _services.GetRequiredService<AuditLog>().RecordAsync(AuditLog.CommandLine, null, action, backup, isDone ? AuditOutcome.Done : AuditOutcome.Failed, detail);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _lock?.Dispose();
    }
}
