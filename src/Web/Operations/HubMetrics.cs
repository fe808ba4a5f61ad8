using System.Diagnostics.Metrics;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Operations;

/// <summary>The meter <c>SensorDash</c>: what a dashboard of the operator shows and an alarm watches. All are observed, so nobody who listens costs nothing.</summary>
internal sealed class HubMetrics
{
    /// <summary>Name of the meter, for <c>dotnet-counters</c> and OpenTelemetry.</summary>
    public const string MeterName = "SensorDash";

    public HubMetrics(IMeterFactory meters, IDuckDbSource duckDb, AnalyticsQueryCount answers, ReadingWorker worker, WriteBuffer<Reading> buffer)
    {
        Meter = meters.Create(MeterName);
        Gauge("sensordash.analytics.ready", "1 while DuckDB answers questions over many readings, 0 while the store does.", () => duckDb.State == AnalyticsState.Ready ? 1 : 0);
        // Without a side path there is nothing to be behind.
        GaugeIfAny("sensordash.analytics.lag_rows", "Rows that the store has and DuckDB has not.", () => duckDb.Lag?.Rows);
        GaugeIfAny("sensordash.analytics.lag_seconds", "Age of the oldest of them.", () => duckDb.Lag?.Seconds);
        Meter.CreateObservableCounter("sensordash.analytics.answers", () => (Measurement<double>[])
            [new(answers.DuckDb, [new("engine", "duckdb")]), new(answers.Store, [new("engine", "store")])], null, "Questions over many readings, by what answered them.");
        Meter.CreateObservableCounter("sensordash.ingest.rows", () => (double)worker.Status.RowsCommitted, null, "Readings stored since the start.");
        Gauge("sensordash.ingest.waiting_rows", "Readings that wait for a commit.", () => buffer.RowsWaiting);
        Gauge("sensordash.ingest.capacity_rows", "Readings that may wait before senders get 429.", () => buffer.Capacity);
        Gauge("sensordash.ingest.failing", "1 while the store takes nothing, 0 while it does.", () => worker.Status.FailingSince is null ? 0 : 1);
    }

    public Meter Meter { get; }

    private void Gauge(string name, string description, Func<double> observe) => Meter.CreateObservableGauge(name, observe, null, description);

    private void GaugeIfAny(string name, string description, Func<double?> observe)
        => Meter.CreateObservableGauge(name, () => observe() is { } value ? (Measurement<double>[])[new(value)] : [], null, description);
}
