namespace SensorDash.Data.Storage;

/// <summary>What identifies a store, and its role; one row.</summary>
public sealed class StoreInfo
{
    /// <summary>Always 1.</summary>
    public int Id { get; set; }

    /// <summary>Eight lower-case hexadecimal digits, made with the schema. A restore makes a new one: positions of the former history then mean nothing.</summary>
    public string Epoch { get; set; } = "";

    /// <summary>The epoch of the batches of readings, if it is another one: a cut-over copies the epoch, and events keep their positions, but batches are numbered by each store.</summary>
    public string? ReadingsEpoch { get; set; }

    /// <inheritdoc cref="StoreState"/>
    public StoreRole Role { get; set; }

    /// <inheritdoc cref="StoreState"/>
    public string? Successor { get; set; }

    /// <inheritdoc cref="StoreState"/>
    public long? PromotedAt { get; set; }

    /// <summary>The role of the readings, while a DuckDB store beside this one holds or held them.</summary>
    public StoreRole ReadingsRole { get; set; }

    /// <inheritdoc cref="StoreState"/>
    public string? ReadingsSuccessor { get; set; }

    /// <inheritdoc cref="StoreState"/>
    public long? ReadingsPromotedAt { get; set; }

    /// <summary>Counts the changes of users, sessions and keys, so that every process notices them.</summary>
    public long AccessVersion { get; set; }

    /// <summary>How far the scrub in the background is, and what the last pass found, as JSON; null before the first.</summary>
    public string? Scrub { get; set; }

    /// <summary>Retention of events: canonical times in Unix microseconds. A lane has no event before its edge, except those that stay in effect; null: it never lost any.</summary>
    public long? MetadataEdge { get; set; }

    /// <inheritdoc cref="MetadataEdge"/>
    public long? CommandEdge { get; set; }

    /// <inheritdoc cref="MetadataEdge"/>
    public long? UiEdge { get; set; }

    /// <inheritdoc cref="MetadataEdge"/>
    public long? ParsedEdge { get; set; }

    /// <inheritdoc cref="MetadataEdge"/>
    public long? RawEdge { get; set; }

    /// <summary>Events that retention deleted: the sum of the batches of events, less these, is the number of events.</summary>
    public long RemovedEvents { get; set; }

    /// <summary>The sum of their hashes.</summary>
    public long RemovedEventsHash { get; set; }
}
