using System.Diagnostics.Metrics;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations;

/// <summary>The meter <c>SensorDash</c>, for dashboards and alerts. All instruments are observable, so they cost nothing without a listener.</summary>
internal sealed class HubMetrics
{
    /// <summary>Name of the meter, for <c>dotnet-counters</c> and OpenTelemetry.</summary>
    public const string MeterName = "SensorDash";

    public HubMetrics(IMeterFactory meters, IDuckDbSource duckDb, AnalyticsQueryCount queries, AnalyticsLimit limit, IngestWorker<Reading> worker, WriteBuffer<Reading> buffer,
        DualWrite dualWrite, TimeProvider clock)
    {
        Meter = meters.Create(MeterName);
        Gauge("sensordash.analytics.ready", "1 while analytics queries use DuckDB, 0 while they use the database.", () => duckDb.State == AnalyticsState.Ready ? 1 : 0);
        // Without a side path there is no lag.
        GaugeIfAny("sensordash.analytics.lag_rows", "Rows that DuckDB is behind the database.", () => duckDb.Lag?.Rows);
        GaugeIfAny("sensordash.analytics.lag_seconds", "Age of the oldest row that DuckDB is behind, in seconds.", () => duckDb.Lag?.Seconds);
        Meter.CreateObservableCounter("sensordash.analytics.answers", () => (Measurement<double>[])
            [new(queries.DuckDb, [new("engine", "duckdb")]), new(queries.Store, [new("engine", "store")])], null, "Analytics queries, by the engine that ran them.");
        Gauge("sensordash.analytics.running_queries", "Analytics queries that DuckDB runs.", () => limit.Running);
        Gauge("sensordash.analytics.waiting_queries", "Analytics queries that wait for DuckDB; too many get 429.", () => limit.Waiting);
        Meter.CreateObservableCounter("sensordash.ingest.rows", () => (double)worker.Status.RowsCommitted, null, "Readings stored since startup.");
        Gauge("sensordash.ingest.waiting_rows", "Queued readings.", () => buffer.RowsWaiting);
        Gauge("sensordash.ingest.capacity_rows", "Capacity of the write buffer in readings; a full buffer returns 429.", () => buffer.Capacity);
        // Without a second store there is nothing to observe.
        GaugeIfAny("sensordash.transfer.following", "1 while the second store follows, 0 while it does not.", () => dualWrite.Status is { State: not DualWriteState.Off } status ? status.State == DualWriteState.Following ? 1 : 0 : null);
        GaugeIfAny("sensordash.transfer.lag_rows", "Rows that the second store is behind.", () => dualWrite.Status is { State: not DualWriteState.Off } status ? status.LagRows : null);
        GaugeIfAny("sensordash.transfer.lag_seconds", "Age of the oldest row that the second store is behind, in seconds.", () => dualWrite.Status is { State: not DualWriteState.Off } status ? status.LagSeconds(clock) : null);
        GaugeIfAny("sensordash.transfer.mismatches", "Chunks in which the second store differed, since startup.", () => dualWrite.Status is { State: not DualWriteState.Off } status ? status.Comparison.Mismatches : null);
        GaugeIfAny("sensordash.transfer.shadow_mismatches", "Reads of clients whose results differed on the second store, since startup.", () => dualWrite.Status is { State: not DualWriteState.Off } status ? status.ShadowReads.Mismatches : null);
        Gauge("sensordash.ingest.failing", "1 while commits fail, 0 otherwise.", () => worker.Status.FailingSince is null ? 0 : 1);
    }

    public Meter Meter { get; }

    private void Gauge(string name, string description, Func<double> observe) => Meter.CreateObservableGauge(name, observe, null, description);

    private void GaugeIfAny(string name, string description, Func<double?> observe)
        => Meter.CreateObservableGauge(name, () => observe() is { } value ? (Measurement<double>[])[new(value)] : [], null, description);
}
