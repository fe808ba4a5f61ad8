using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations.Metrics;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Samples the figures of the System page once a minute, and looks for warnings.</summary>
internal sealed partial class FigureSampler(
    FigureHistory history, FigureGauges gauges, FigureListener listener, StorageDays days, SystemWatch watch, StoreFigures stores, IDuckDbSource duckDb,
    IOptions<DatabaseOptions> database, IOptions<AnalyticsOptions> analytics, TimeProvider clock, ILogger<FigureSampler> logger) : BackgroundService
{
    // A store that does not answer leaves its own figures out, not the rest.
    private static readonly TimeSpan _storeTimeout = TimeSpan.FromSeconds(20);

    private long? _sampledAt;

    /// <summary>The first sample, without the stores: the start waits for none of them.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        days.Load();
        Sample(null);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(FigureHistory.Interval, clock, stoppingToken);
                Sample(await clock.WithinAsync(_storeTimeout, ReadStoresAsync, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception e) // Any error: charts are not worth a hub.
        {
            Log.Failed(logger, e);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        days.Save();
    }

    private void Sample(StorageSize? size)
    {
        var now = clock.GetTimestamp();
        TimeSpan? elapsed = _sampledAt is { } before ? clock.GetElapsedTime(before, now) : null;
        _sampledAt = now;
        var written = DiskWrites.Take();
        var sample = gauges.Read();
        sample[Figure.StoreBytes] = size is null ? null : size.Files + (size.Server ?? 0);
        sample[Figure.DiskWritten] = elapsed is { TotalSeconds: > 0 and var seconds } ? written / seconds : null;
        listener.Take(sample, elapsed);
        history.Add(sample);
        days.Add(clock.GetUtcNow(), written, size);
        watch.Look();
    }

    private async Task<StorageSize?> ReadStoresAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stores.RefreshAsync(cancellationToken);
            await duckDb.ReadStatusAsync(cancellationToken); // Measures the lag.
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
        if (!stores.IsWhole) return null; // A part would look like a store that shrank.
        var isOnServer = database.Value.Provider == DatabaseOptions.TimescaleProvider;
        var (files, server) = (0L, (long?)null);
        foreach (var report in stores.Latest)
        {
            if (isOnServer && report.Engine == "PostgreSQL") server = report.SizeBytes;
            else files += report.SizeBytes;
        }
        if (analytics.Value.Enabled) files += new[] { analytics.Value.Path, analytics.Value.Path + ".wal" }.Select(p => new FileInfo(p)).Where(f => f.Exists).Sum(f => f.Length);
        return new(clock.GetUtcNow().ToUnixTimeSeconds(), files, server);
    }

    private static partial class Log
    {
        [LoggerMessage(132, LogLevel.Error, "The figures of the System page are not sampled any more.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
