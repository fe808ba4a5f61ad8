using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.Backup;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;
using SensorDash.Data.Timescale;

namespace SensorDash.Data;

/// <summary>Registers the services that use the stores, and the stores of each engine. The caller adds the <c>DbContext</c> factory of its database.</summary>
public static class DataServices
{
    public static IServiceCollection AddSensorDashData(this IServiceCollection services)
    {
        services.AddOptions<DatabaseOptions>().BindConfiguration(DatabaseOptions.SectionName);
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.SectionName);
        services.AddOptions<NodeLimitOptions>().Configure<IOptions<IngestOptions>>((nodes, ingest) => nodes.MaxNodes = ingest.Value.MaxNodes);
        services.AddOptions<ReadingsOptions>().BindConfiguration(ReadingsOptions.SectionName);
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.SectionName)
            .PostConfigure<IOptions<SqliteOptions>>((retention, sqlite) => retention.ClockFile = Path.GetFullPath(sqlite.Value.Path) + RetentionClock.Ending);
        services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.SectionName);
        services.AddOptions<EventOptions>().BindConfiguration(EventOptions.SectionName);
        services.AddOptions<AnalyticsOptions>().BindConfiguration(AnalyticsOptions.SectionName);
        services.AddOptions<BackupOptions>().BindConfiguration(BackupOptions.SectionName);
        services.AddOptions<ScrubOptions>().BindConfiguration(ScrubOptions.SectionName);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<CommitSignal>();
        services.AddSingleton<RecentBatches>();
        services.AddSingleton(provider =>
        {
            var signal = new EventCommitSignal();
            signal.Recent.MaxBytes = (long)provider.GetRequiredService<IOptions<EventOptions>>().Value.StreamBufferMiB << 20;
            return signal;
        });
        services.AddSingleton<AuditLog>();
        services.AddSingleton<Backups>();
        services.AddSingleton<NodeDirectory>();
        services.AddSingleton<NodeViews>();
        services.AddSingleton<ZoneDirectory>();
        services.AddSingleton<StoreAnalytics>();
        services.AddSingleton<AnalyticsQueryCount>();
        services.AddSingleton<AnalyticsLimit>();
        services.AddSingleton<IReadingAnalytics, ReadingAnalytics>();
        services.AddSingleton<Export.CsvExport>();
        services.AddSingleton<Export.EventExport>();
        services.AddSingleton<WriteBuffer<Reading>>();
        services.AddSingleton<IngestHold<Reading>>();
        services.AddSingleton<IRowStore<Reading>>(provider => new HeldRowStore<Reading>(
            new ReadingRetentionGate(provider.GetRequiredService<IReadingStore>(), provider.GetRequiredService<RetentionRules>(), provider.GetRequiredService<TimeProvider>()), provider.GetRequiredService<IngestHold<Reading>>()));
        services.AddSingleton<IngestWorker<Reading>>();
        services.AddSingleton<WriteBuffer<LaneEvent>>();
        services.AddSingleton<IngestHold<LaneEvent>>();
        services.AddSingleton<IRowStore<LaneEvent>>(provider => new HeldRowStore<LaneEvent>(
            new EventRetentionGate(provider.GetRequiredService<IEventStore>(), provider.GetRequiredService<RetentionRules>()), provider.GetRequiredService<IngestHold<LaneEvent>>()));
        services.AddSingleton<IngestWorker<LaneEvent>>();
        services.AddSingleton<RejectedRows>();
        services.AddSingleton<EventFeed>();
        services.AddSingleton<LiveEvents>();
        services.AddSingleton<ReadingFeed>();
        services.AddSingleton<LiveReadings>();
        services.AddSingleton<RetentionRules>();
        services.AddSingleton<RetentionClock>();
        services.AddSingleton<RetentionRun>();
        services.AddSingleton<RetentionPreview>();
        services.AddHostedService<RetentionWorker>();
        services.AddHostedService<BatchMergeWorker>();
        services.AddSingleton(provider => new ScrubSources(
            [.. provider.GetServices<IStoreCheck>()], provider.GetRequiredService<IReadingScrub>(), provider.GetService<ISecondCopy>(), provider.GetRequiredService<IEventStore>(),
            provider.GetRequiredService<IEventScrub>()));
        services.AddSingleton<ScrubRecords>();
        services.AddSingleton<ScrubWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<ScrubWorker>());
        return services;
    }

    /// <summary>SQLite as the database for all data.</summary>
    public static IServiceCollection AddSqlite(this IServiceCollection services)
    {
        services.AddOptions<SqliteOptions>().BindConfiguration(SqliteOptions.SectionName).PostConfigure<IOptions<IngestOptions>>(
            (sqlite, ingest) =>
            {
                sqlite.SyncsEveryCommit = ingest.Value.Durability == DurabilityProfile.Full;
                if (ingest.Value.GathersReadings) sqlite.PageBytes = SqliteDatabase.SmallPageBytes;
            });
        services.AddSingleton<SqliteDatabase>();
        services.AddSingleton(SqliteVersion.Loaded);
        services.AddSingleton<IWriterLock>(provider => provider.GetRequiredService<SqliteDatabase>().Writer);
        services.AddSingleton<IStoreErrors, SqliteErrors>();
        services.AddSingleton<IStoreStartup, SqliteStartup>();
        services.AddSingleton<IStoreReporter, SqliteStoreReporter>();
        services.AddSingleton<IStoreHealth, SqliteStoreHealth>();
        services.AddSingleton<INodeStore, SqliteNodeStore>();
        services.AddSingleton<IReadingStore, SqliteReadingStore>();
        services.AddSingleton<IReadingChangeFeed, SqliteReadingChangeFeed>();
        services.AddSingleton<IEventStore, SqliteEventStore>();
        services.AddSingleton<IBackupStore, SqliteBackup>();
        services.AddSingleton<IEventCounts, SqliteEventCounts>();
        services.AddSingleton<IEventRemoval, SqliteEventRemoval>();
        services.AddSingleton<IReadingScrub, SqliteReadingScrub>();
        services.AddSingleton<IEventScrub, SqliteEventScrub>();
        services.AddSingleton<IStoreCheck, SqliteCheck>();
        services.AddSingleton<IScrubClaim>(provider => new SqliteScrubClaim(provider.GetRequiredService<SqliteDatabase>().Path));
        services.AddDatabaseRoles(null);
        foreach (var table in (BatchTable[])[BatchTable.Readings, BatchTable.Events])
            services.AddKeyedSingleton<IBatchLog>(table.Feed, (provider, _) => ActivatorUtilities.CreateInstance<SqliteBatchLog>(provider, table));
        return services;
    }

    /// <summary>PostgreSQL, with or without TimescaleDB, as the database for all data.</summary>
    public static IServiceCollection AddTimescale(this IServiceCollection services)
    {
        services.AddOptions<TimescaleOptions>().BindConfiguration(TimescaleOptions.SectionName);
        services.AddSingleton<TimescaleDatabase>();
        services.AddSingleton<IWriterLock, TimescaleWriterLock>();
        services.AddSingleton<IStoreErrors, TimescaleErrors>();
        services.AddSingleton<IStoreStartup, TimescaleStartup>();
        services.AddSingleton<IStoreReporter, TimescaleStoreReporter>();
        services.AddSingleton<IStoreHealth, TimescaleStoreHealth>();
        services.AddSingleton<INodeStore, TimescaleNodeStore>();
        services.AddSingleton<IReadingStore, TimescaleReadingStore>();
        services.AddSingleton<IReadingChangeFeed, TimescaleReadingChangeFeed>();
        services.AddSingleton<IEventStore, TimescaleEventStore>();
        services.AddSingleton<IBackupStore, TimescaleBackup>();
        services.AddSingleton<IEventCounts, TimescaleEventCounts>();
        services.AddSingleton<IEventRemoval>(provider => new TimescaleEventRemoval(provider.GetRequiredService<TimescaleDatabase>()));
        services.AddSingleton<IReadingScrub, TimescaleReadingScrub>();
        services.AddSingleton<IEventScrub, TimescaleEventScrub>();
        services.AddSingleton<IStoreCheck, TimescaleCheck>();
        services.AddSingleton<IScrubClaim, TimescaleScrubClaim>();
        services.AddDatabaseRoles(TimescaleRole.Lock);
        foreach (var table in (BatchTable[])[BatchTable.Readings, BatchTable.Events])
            services.AddKeyedSingleton<IBatchLog>(table.Feed, (provider, _) => ActivatorUtilities.CreateInstance<TimescaleBatchLog>(provider, table));
        services.AddHostedService<TimescaleCommitListener>();
        return services;
    }

    /// <summary>DuckDB as the store of readings instead of the database added earlier.</summary>
    public static IServiceCollection AddDuckDbReadings(this IServiceCollection services)
    {
        services.AddOptions<ReadingsOptions>().PostConfigure<IOptions<AnalyticsOptions>>((readings, analytics)
            => (readings.DuckDb.MemoryLimitMiB, readings.DuckDb.Threads) = (analytics.Value.MemoryLimitMiB, analytics.Value.Threads));
        services.AddOptions<ReadingsOptions>().PostConfigure<IOptions<BackupOptions>>((readings, backup) => readings.DuckDb.BackupFolder = backup.Value.Folder);
        services.AddSingleton<IBackupStore, DuckDbBackup>();
        services.AddSingleton<DuckDbReadingFile>();
        services.AddSingleton<IStoreReporter, DuckDbStoreReporter>();
        services.AddSingleton<DuckDbReadingStore>();
        services.Replace(ServiceDescriptor.Singleton<IReadingStore>(provider => provider.GetRequiredService<DuckDbReadingStore>()));
        services.Replace(ServiceDescriptor.Singleton<INodeStore>(provider => provider.GetRequiredService<DuckDbReadingStore>()));
        services.Replace(ServiceDescriptor.Singleton<IStoreHealth>(provider => provider.GetRequiredService<DuckDbReadingStore>()));
        services.Replace(ServiceDescriptor.Singleton<IReadingChangeFeed, DuckDbReadingChangeFeed>());
        services.Replace(ServiceDescriptor.KeyedSingleton<IBatchLog, DuckDbBatchLog>(BatchTable.Readings.Feed));
        services.AddKeyedSingleton<IStoreRoles, DuckDbRoles>(StoreScope.Readings);
        services.Replace(ServiceDescriptor.Singleton<IReadingScrub, DuckDbReadingScrub>());
        services.AddSingleton<IDuckDbSource, DuckDbStoreSource>();
        services.AddHostedService<DuckDbReadingSorter>();
        return services;
    }

    private static void AddDatabaseRoles(this IServiceCollection services, string? wait)
    {
        services.AddSingleton(provider => new DatabaseRoles(provider.GetRequiredService<IDbContextFactory<SensorDashContext>>(), provider.GetRequiredService<IWriterLock>(), wait));
        services.AddKeyedSingleton<IStoreRoles>(StoreScope.All, (provider, _) => provider.GetRequiredService<DatabaseRoles>());
        services.AddKeyedSingleton<IStoreRoles>(StoreScope.Readings, (provider, _) => provider.GetRequiredService<DatabaseRoles>());
    }

    /// <summary>A DuckDB file beside the database, for queries over many readings.</summary>
    public static IServiceCollection AddSidePath(this IServiceCollection services)
    {
        services.AddSingleton<DuckDbSidePathSource>();
        services.AddSingleton<IDuckDbSource>(provider => provider.GetRequiredService<DuckDbSidePathSource>());
        services.AddSingleton<ISecondCopy, DuckDbSecondCopy>();
        services.AddHostedService<DuckDbSync>();
        return services;
    }
}
