using SensorDash.Web.Operations.Figures;

namespace SensorDash.Web.Pages.SystemStatus;

/// <summary>A column of the table of figures.</summary>
/// <param name="Name">In files.</param>
/// <param name="Title">On the page.</param>
/// <param name="Format">Of its numbers.</param>
internal sealed record FigureColumn(Figure Figure, string Name, string Title, string Format)
{
    private const string Rate = "0.###", Seconds = "0.#####", Whole = "0";

    public static IReadOnlyList<FigureColumn> All { get; } = [
        new(Figure.ReadingsInserted, "readings_stored_per_second", "Readings stored/s", Rate),
        new(Figure.ReadingsDuplicate, "readings_duplicate_per_second", "duplicate/s", Rate),
        new(Figure.ReadingsRejected, "readings_rejected_per_second", "rejected/s", Rate),
        new(Figure.EventsInserted, "events_stored_per_second", "Events stored/s", Rate),
        new(Figure.EventsDuplicate, "events_duplicate_per_second", "duplicate/s", Rate),
        new(Figure.EventsRejected, "events_rejected_per_second", "rejected/s", Rate),
        new(Figure.CommitP50, "durable_p50_seconds", "Until durable p50 (s)", Seconds),
        new(Figure.CommitP95, "durable_p95_seconds", "p95", Seconds),
        new(Figure.CommitP99, "durable_p99_seconds", "p99", Seconds),
        new(Figure.QueryP50, "query_p50_seconds", "Queries p50 (s)", Seconds),
        new(Figure.QueryP95, "query_p95_seconds", "p95", Seconds),
        new(Figure.QueryP99, "query_p99_seconds", "p99", Seconds),
        new(Figure.QueuedReadings, "queued_readings", "Queued readings", Whole),
        new(Figure.QueuedEvents, "queued_events", "Queued events", Whole),
        new(Figure.Streams, "streams", "Streams", Whole),
        new(Figure.StreamLag, "stream_lag_seconds", "behind (s)", Rate),
        new(Figure.SidePathLag, "duckdb_lag_rows", "DuckDB behind (rows)", Whole),
        new(Figure.StoreBytes, "store_bytes", "Stores (bytes)", Whole),
        new(Figure.ConnectionsBusy, "connections_busy", "Connections busy", Whole),
        new(Figure.ConnectionsIdle, "connections_idle", "idle", Whole),
        new(Figure.ConnectionsWaiting, "connections_waiting", "waiting", Whole),
        new(Figure.Resident, "memory_resident_bytes", "Memory (bytes)", Whole),
        new(Figure.Managed, "memory_managed_bytes", "managed", Whole),
        new(Figure.DiskWritten, "disk_written_bytes_per_second", "Written (bytes/s)", Whole),
    ];
}
