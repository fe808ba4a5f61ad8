namespace SensorDash.Data.Storage;

/// <summary>The table of the batches of readings or of events, as far as followers and merging need it.</summary>
internal sealed record BatchTable(string Feed, string Name, string Rows, string First, string Last, string IsRemoval)
{
    public static BatchTable Readings { get; } = new("readings", "ingest_batches", "row_count", "first_timestamp", "last_timestamp", "removed_node IS NOT NULL OR removed_before IS NOT NULL");

    public static BatchTable Events { get; } = new("events", "event_batches", "event_count", "first_canonical_time", "last_canonical_time", "false");

    /// <summary>The values of a <see cref="LoggedBatch"/>.</summary>
    public string Columns => $"id, committed_at, {Rows}, {First}, {Last}, {IsRemoval}, rows_hash";

    /// <summary>Empty what only a deletion has.</summary>
    public string ClearRemoval => this == Readings ? ", removed_node = NULL, removed_before = NULL" : "";
}
