using System.Diagnostics.Metrics;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;
using SensorDash.Web.Streaming;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations.Metrics;

/// <summary>The meter <c>SensorDash</c>, for dashboards and alerts. Names and units are those of OpenTelemetry; in Prometheus' format <c>.</c> becomes <c>_</c>, and units and <c>_total</c> follow.</summary>
internal sealed class HubMetrics
{
    /// <summary>Name of the meter, for <c>dotnet-counters</c> and OpenTelemetry.</summary>
    public const string MeterName = "SensorDash";

    /// <summary>Instruments that the System page listens to, and their value of <c>kind</c> for readings.</summary>
    public const string Rows = "sensordash.ingest.rows", CommitDuration = "sensordash.ingest.commit.duration", Readings = "readings";

    private const string Seconds = "s", Bytes = "By", Events = "events";

    // Seconds: a commit takes milliseconds on a disk, and on a memory card up to seconds.
    private static readonly InstrumentAdvice<double> _commitBounds = new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };

    private readonly Meter _meter;
    private readonly Counter<long> _rows;

    public HubMetrics(
        IMeterFactory meters, IngestWorker<Reading> readings, WriteBuffer<Reading> readingBuffer, IngestWorker<LaneEvent> events, WriteBuffer<LaneEvent> eventBuffer, StoreFigures stores,
        IDuckDbSource duckDb, AnalyticsQueryCount queries, AnalyticsLimit limit, StreamLimit streams, EventFeed feed, DualWrite dualWrite, RetentionRun retention, ScrubWorker scrub, TransferJobs transfers, TimeProvider clock)
    {
        _meter = meters.Create(MeterName);
        _rows = _meter.CreateCounter<long>(Rows, null, "Rows since startup, by kind (readings, or the lane of events) and result (inserted, duplicate, rejected).");
        var commits = _meter.CreateHistogram(CommitDuration, Seconds, "Time from the arrival of rows in the write buffer to their commit, by kind.", advice: _commitBounds);
        readings.Committed += (rows, outcomes) => Count(rows, outcomes, _ => Readings);
        events.Committed += (rows, outcomes) => Count(rows, outcomes, e => e.Lane.Name());
        readings.Waited += time => commits.Record(time.TotalSeconds, [new("kind", Readings)]);
        events.Waited += time => commits.Record(time.TotalSeconds, [new("kind", Events)]);
        ByKind("sensordash.ingest.waiting_rows", "Queued rows, by kind; events count by size.", () => readingBuffer.RowsWaiting, () => eventBuffer.RowsWaiting);
        ByKind("sensordash.ingest.capacity_rows", "Capacity of the write buffer in rows, by kind; a full buffer returns 429.", () => readingBuffer.Capacity, () => eventBuffer.Capacity);
        ByKind("sensordash.ingest.failing", "1 while commits fail, 0 otherwise, by kind.", () => IsFailing(readings.Status), () => IsFailing(events.Status));

        _meter.CreateObservableCounter("sensordash.retention.removed_rows", () => retention.Totals.Select(t => new Measurement<long>(t.Value, new KeyValuePair<string, object?>("kind", t.Key))), null,
            "Rows that retention deleted since startup, by kind (readings, or the lane of events).");

        _meter.CreateObservableCounter("sensordash.scrub.rows", () => scrub.Rows, null, "Rows that the scrub read since startup.");
        Gauge("sensordash.scrub.findings", "Things that have rotted, by the pass that runs or the last one.", () => scrub.Findings);
        Gauge("sensordash.scrub.running", "1 while a pass over all rows runs, 0 otherwise.", () => scrub.Record.Running is null ? 0 : 1);
        GaugeIfAny("sensordash.scrub.age", "Time since the last pass over all rows ended.", () => (clock.NowMicroseconds() - scrub.Record.Last?.EndedAt) / 1e6, Seconds);

        Of("sensordash.store.size", Bytes, "Size on disk, logs included, by engine.", stores, r => r.SizeBytes);
        Of("sensordash.store.connections_busy", null, "Connections in use, by engine.", stores, r => r.Pool?.Busy);
        Of("sensordash.store.connections_idle", null, "Connections open and free, by engine.", stores, r => r.Pool?.Idle);
        Of("sensordash.store.connections_max", null, "Maximum connections, by engine.", stores, r => r.Pool?.Max);
        Of("sensordash.store.partitions", null, "Partitions of the readings: chunks of TimescaleDB, months of DuckDB.", stores, r => r.Parts?.Count);
        Of("sensordash.store.compression_ratio", null, "Size before over size after, of the compressed partitions.", stores, r => r.Parts?.CompressionRatio);

        Gauge("sensordash.analytics.ready", "1 while analytics queries use DuckDB, 0 while they use the database.", () => duckDb.State == AnalyticsState.Ready ? 1 : 0);
        // Without a side path there is no lag.
        GaugeIfAny("sensordash.analytics.lag_rows", "Rows that DuckDB is behind the database.", () => duckDb.Lag?.Rows);
        GaugeIfAny("sensordash.analytics.lag", "Age of the oldest row that DuckDB is behind.", () => duckDb.Lag?.Seconds, Seconds);
        _meter.CreateObservableCounter("sensordash.analytics.answers", () => (Measurement<long>[])
            [new(queries.DuckDb, [new("engine", "duckdb")]), new(queries.Store, [new("engine", "store")])], null, "Analytics queries, by the engine that ran them.");
        Gauge("sensordash.analytics.running_queries", "Analytics queries that DuckDB runs.", () => limit.Running);
        Gauge("sensordash.analytics.waiting_queries", "Analytics queries that wait for DuckDB; too many get 429.", () => limit.Waiting);

        Gauge("sensordash.streams.open", "Open streams and sockets.", () => streams.Count);
        GaugeIfAny("sensordash.streams.lag", "How far the slowest live stream of events is behind the newest event.", () => feed.Lag.TotalSeconds, Seconds);
        _meter.CreateObservableCounter("sensordash.streams.fell_behind", () => feed.FellBehind, null, "How often a live stream was so slow that its next events came from the store; nothing is dropped.");
        GaugeIfAny("sensordash.transfer.copied_rows", "Rows that the running transfer, or the copy to a new second store, has copied or compared in its present step.", () => StepOf(transfers, dualWrite)?.Rows);
        GaugeIfAny("sensordash.transfer.expected_rows", "Rows of that step.", () => StepOf(transfers, dualWrite)?.Total);
        // Without a second store there is nothing to observe.
        OfSecond("sensordash.transfer.following", "1 while the second store follows, 0 while it does not.", dualWrite, s => s.State == DualWriteState.Following ? 1 : 0);
        OfSecond("sensordash.transfer.lag_rows", "Rows that the second store is behind.", dualWrite, s => s.LagRows);
        OfSecond("sensordash.transfer.lag", "Age of the oldest row that the second store is behind.", dualWrite, s => s.LagSeconds(clock), Seconds);
        OfSecond("sensordash.transfer.mismatches", "Chunks in which the second store differed, since startup.", dualWrite, s => s.Comparison.Mismatches);
        OfSecond("sensordash.transfer.shadow_mismatches", "Reads of clients whose results differed on the second store, since startup.", dualWrite, s => s.ShadowReads.Mismatches);

        _meter.CreateObservableCounter("sensordash.process.disk_written", () => DiskWrites.Read() is { } bytes ? (Measurement<long>[])[new(bytes)] : [], Bytes, "Bytes that the process gave to disks since its start; wear of memory cards. Linux only.");
        Gauge("sensordash.build_info", "1, with the version.", () => 1, new KeyValuePair<string, object?>("version", BuildInfo.Version));
    }

    /// <summary>Counts rows that a parser rejected, so that no store saw them.</summary>
    public void CountRejected(long rows, bool isReading)
    {
        if (rows > 0) _rows.Add(rows, new("kind", isReading ? Readings : Events), new("result", "rejected"));
    }

    private void Count<TRow>(ReadOnlySpan<TRow> rows, ReadOnlySpan<RowOutcome> outcomes, Func<TRow, string> kindOf)
    {
        // Runs of equal rows and results: usually one.
        for (var start = 0; start < rows.Length;)
        {
            var (kind, result, end) = (kindOf(rows[start]), ResultOf(outcomes[start]), start + 1);
            while (end < rows.Length && ResultOf(outcomes[end]) == result && kindOf(rows[end]) == kind) end++;
            _rows.Add(end - start, new("kind", kind), new("result", result));
            start = end;
        }
    }

    private static (long Rows, long Total)? StepOf(TransferJobs transfers, DualWrite dualWrite)
        => transfers.Current is { State: TransferJobState.Running, Status.Pace.Step: var step } ? (step.Rows, step.Total)
            : dualWrite.Status is { State: DualWriteState.Copying } status ? status.Copied : null;

    private static string ResultOf(RowOutcome outcome) => outcome switch
    {
        RowOutcome.Inserted => "inserted",
        RowOutcome.Duplicate or RowOutcome.AlreadyAccepted => "duplicate",
        _ => "rejected",
    };

    private static double IsFailing(IngestStatus status) => status.FailingSince is null ? 0 : 1;

    private void ByKind(string name, string description, Func<double> ofReadings, Func<double> ofEvents) => _meter.CreateObservableGauge(
        name, () => (Measurement<double>[])[new(ofReadings(), [new("kind", Readings)]), new(ofEvents(), [new("kind", Events)])], null, description);

    private void Of(string name, string? unit, string description, StoreFigures stores, Func<StoreReport, double?> read) => _meter.CreateObservableGauge(
        name, () => stores.Latest.Where(r => read(r) is not null).Select(r => new Measurement<double>(read(r)!.Value, new KeyValuePair<string, object?>("engine", r.Engine))), unit, description);

    private void OfSecond(string name, string description, DualWrite dualWrite, Func<DualWriteStatus, double> read, string? unit = null)
        => GaugeIfAny(name, description, () => dualWrite.Status is { State: not DualWriteState.Off } status ? read(status) : null, unit);

    private void Gauge(string name, string description, Func<double> observe, params KeyValuePair<string, object?>[] tags)
        => _meter.CreateObservableGauge(name, () => new Measurement<double>(observe(), tags), null, description);

    private void GaugeIfAny(string name, string description, Func<double?> observe, string? unit = null)
        => _meter.CreateObservableGauge(name, () => observe() is { } value ? (Measurement<double>[])[new(value)] : [], unit, description);
}
