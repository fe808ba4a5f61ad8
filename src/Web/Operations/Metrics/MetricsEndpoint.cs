using System.Diagnostics.Metrics;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Security;

namespace SensorDash.Web.Operations.Metrics;

/// <summary>Metrics at <c>/metrics</c> in Prometheus' text format, and by OTLP to a collector.</summary>
internal static class MetricsEndpoint
{
    private const string Path = "/metrics", RequestsMeter = "Microsoft.AspNetCore.Hosting";

    // Besides our own: requests by route with their durations, the runtime, and the pool of PostgreSQL's driver.
    private static readonly string[] _meters = [HubMetrics.MeterName, RequestsMeter, "System.Runtime", "Npgsql"];

    // Only requests have more, by route and status. The library reserves memory for this many of each instrument, by default 2,000: 10 MB of a small hub.
    private const int MaxSeries = 100, MaxRequestSeries = 2_000;

    // In Prometheus, _count is the end of a histogram's name.
    private static readonly Dictionary<string, string> _renamed = new()
    {
        ["dotnet.assembly.count"] = "dotnet.assemblies",
        ["dotnet.process.cpu.count"] = "dotnet.process.cpus",
        ["dotnet.timer.count"] = "dotnet.timers",
        ["db.client.connection.count"] = "db.client.connections",
    };

    public static void AddMetrics(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(MetricsOptions.SectionName).Get<MetricsOptions>() ?? new();
        builder.Services.AddSingleton<HubMetrics>();
        builder.Services.AddSingleton<StoreFigures>();
        builder.Services.AddSingleton<StorageMetrics>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(_meters);
            if (metrics is IDeferredMeterProviderBuilder deferred)
            {
                // Meters of other hosts of this process have the same names.
                deferred.Configure((services, provider) =>
                {
                    var own = services.GetRequiredService<IMeterFactory>();
                    provider.AddView(instrument => instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, own) ? ViewOf(instrument) : MetricStreamConfiguration.Drop);
                });
            }
            metrics.AddPrometheusExporter(prometheus => (prometheus.ScrapeResponseCacheDurationMilliseconds, prometheus.ScopeInfoEnabled, prometheus.TargetInfoEnabled) = (0, false, false));
            if (options.OtlpEndpoint.Length > 0)
                metrics.AddOtlpExporter(otlp => (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, new Uri(options.OtlpEndpoint)));
        });
    }

    private static MetricStreamConfiguration ViewOf(Instrument instrument)
    {
        var view = new MetricStreamConfiguration { CardinalityLimit = instrument.Meter.Name == RequestsMeter ? MaxRequestSeries : MaxSeries };
        if (instrument.Name == "dotnet.exceptions") view.TagKeys = []; // Their types are for the log.
        if (_renamed.TryGetValue(instrument.Name, out var name)) view.Name = name;
        return view;
    }

    public static void MapMetrics(this WebApplication app)
    {
        // Creates the instruments at startup, for programs that read the meter another way.
        app.Services.GetRequiredService<HubMetrics>();
        app.Services.GetRequiredService<StorageMetrics>();
        var write = ((IApplicationBuilder)app).New().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();
        app.MapGet(Path, async (HttpContext context, IDuckDbSource duckDb, StoreFigures stores) =>
        {
            try
            {
                await duckDb.ReadStatusAsync(context.RequestAborted);
            }
            catch (StoreUnavailableException)
            {
                // The last known lag is reported. The unavailable store is a metric too, so the response must succeed.
            }
            await stores.RefreshAsync(context.RequestAborted);
            await write(context);
        }).WithTags("System").WithName("Metrics").For(Need.Viewer).WithMetadata(Requests.DescribedQuery.Instance).Produces<string>(200, "text/plain")
            .WithSummary("Ingest, stores, analytics, streams, transfers, requests and the runtime, in Prometheus' text format");
    }
}
