namespace SensorDash.Data.Events;

/// <summary>The SQL of the deletion of events that all engines understand.</summary>
internal static class EventRemovalSql
{
    /// <summary>Events that one slice deletes: some 50 ms.</summary>
    public const int EventsPerSlice = 5_000;

    /// <summary>Rows of the index that one slice looks at.</summary>
    public const int IndexRowsPerSlice = 10_000;

    /// <summary>Events whose contents are measured for a preview.</summary>
    public const int SampledEvents = 1_000;

    /// <summary>Whether events before the edge can stay.</summary>
    public static bool KeepsInEffect(this Lane lane) => lane is Lane.Metadata or Lane.Ui;

    /// <summary>A query of canonical_truth_time and event_id of the events before an edge that stay. What it selects depends on the events before the edge only, so every store with them keeps the same.</summary>
    /// <remarks>By both timebases: a query of what was in effect at a time names one of them. A key that has many events after the edge still has its state at the edge.</remarks>
    /// <param name="lane">Metadata or ui.</param>
    /// <param name="edge">The parameter of the edge.</param>
    public static string InEffect(Lane lane, string edge) => lane == Lane.Metadata ? $"""
        SELECT canonical_truth_time, event_id FROM (
            SELECT canonical_truth_time, event_id, coalesce(effective_time, canonical_truth_time) AS by_canonical, coalesce(effective_time, source_truth_time) AS by_source,
                row_number() OVER (PARTITION BY scope_id, {MetadataKey}, coalesce(effective_time, canonical_truth_time) <= {edge}
                    ORDER BY coalesce(effective_time, canonical_truth_time) DESC, canonical_truth_time DESC, event_id DESC) AS canonical_rank,
                row_number() OVER (PARTITION BY scope_id, {MetadataKey}, coalesce(effective_time, source_truth_time) <= {edge}
                    ORDER BY coalesce(effective_time, source_truth_time) DESC, source_truth_time DESC, event_id DESC) AS source_rank
            FROM metadata_events WHERE canonical_truth_time < {edge}) AS ranked
        WHERE by_canonical > {edge} OR by_source > {edge} OR canonical_rank = 1 OR source_rank = 1
        """ : $"""
        SELECT canonical_truth_time, event_id FROM (
            SELECT canonical_truth_time, event_id,
                row_number() OVER (PARTITION BY {View} ORDER BY canonical_truth_time DESC, event_id DESC) AS canonical_rank,
                row_number() OVER (PARTITION BY {View} ORDER BY source_truth_time DESC, event_id DESC) AS source_rank
            FROM ui_events WHERE message_type = '{UiEvent.Checkpoint}' AND canonical_truth_time < {edge}) AS ranked
        WHERE canonical_rank = 1 OR source_rank = 1
        """;

    /// <summary>The condition of the events before an edge that go.</summary>
    public static string GoesBefore(Lane lane, string edge) => lane.KeepsInEffect()
        ? $"canonical_truth_time < {edge} AND (canonical_truth_time, event_id) NOT IN ({InEffect(lane, edge)})" : $"canonical_truth_time < {edge}";

    /// <summary>A query whether every event after the edges is in the index once, by count.</summary>
    /// <param name="first">A time before all events, in SQL.</param>
    public static string IndexAgrees(string first)
    {
        return $"SELECT {Sum(lane => $"(SELECT count(*) FROM event_index WHERE lane = {(int)lane} AND first_seen >= {Edge(lane)})")} = "
            + Sum(lane => $"(SELECT count(*) FROM {LaneTable.Of(lane).Name} WHERE canonical_truth_time >= {Edge(lane)})");

        string Edge(Lane lane) => $"coalesce((SELECT {EventEdges.ColumnOf(lane)} FROM store_info), {first})";

        static string Sum(Func<Lane, string> count) => string.Join(" + ", Lanes.All.Select(count));
    }

    // The text of the key of the contract.
    private const string MetadataKey = "coalesce(stream_id, manifest_id) || ':' || message_type";

    private const string View = "scope_id, system_id, container_id, unique_id, view_id";
}
