using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data;

/// <summary>Registers the stores and what stands on them. The caller adds the <c>DbContext</c> factory of the provider.</summary>
public static class DataServices
{
    public static IServiceCollection AddSensorDashData(this IServiceCollection services)
    {
        services.AddOptions<DatabaseOptions>().BindConfiguration(DatabaseOptions.SectionName);
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.SectionName);
        services.AddOptions<AnalyticsOptions>().BindConfiguration(AnalyticsOptions.SectionName);
        services.AddOptions<DatabaseOptions>().PostConfigure<IOptions<IngestOptions>>(
            (database, ingest) => database.Sqlite.SyncsEveryCommit = ingest.Value.Durability == DurabilityProfile.Full);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<CommitFeed>();
        services.AddSingleton<SqliteDatabase>();
        services.AddSingleton<IReadingStore, SqliteReadingStore>();
        services.AddSingleton<IReadingChanges, SqliteReadingChanges>();
        services.AddSingleton<NodeDirectory>();
        services.AddSingleton<ZoneDirectory>();
        services.AddSingleton<StoreAnalytics>();
        services.AddSingleton<DuckDbSync>();
        services.AddSingleton<IReadingAnalytics, ReadingAnalytics>();
        services.AddSingleton<Export.CsvExport>();
        services.AddSingleton<WriteBuffer>();
        services.AddSingleton<IngestWorker>();
        return services;
    }
}
