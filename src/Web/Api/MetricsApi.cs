using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>The meter in the Prometheus text format.</summary>
internal static class MetricsApi
{
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<HubMetrics>(); // Creates the meter at startup, for clients that read it another way.
        routes.MapGet("/metrics", ReadAsync).WithTags("System").WithName("Metrics").For(Need.Viewer).Produces<string>(200, "text/plain")
            .WithSummary("Lag of the side path, ingest and its buffer, in the Prometheus text format");
    }

    private static async Task<ContentHttpResult> ReadAsync(HubMetrics metrics, IDuckDbSource duckDb, CancellationToken cancellationToken)
    {
        try
        {
            await duckDb.ReadStatusAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // The last known lag is reported. The unavailable store is a metric too, so the response must succeed.
        }
        return TypedResults.Text(Write(metrics.Meter), "text/plain; version=0.0.4; charset=utf-8");
    }

    private static string Write(Meter meter)
    {
        var text = new StringBuilder();
        var before = "";
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter)) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            var isCounter = instrument is ObservableCounter<double>;
            var name = instrument.Name.Replace('.', '_') + (isCounter ? "_total" : "");
            if (name != before) text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {instrument.Description}\n# TYPE {name} {(isCounter ? "counter" : "gauge")}\n");
            before = name;
            var labels = string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}=\"{tag.Value}\""));
            text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value}\n");
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return text.ToString();
    }
}
