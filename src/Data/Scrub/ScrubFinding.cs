namespace SensorDash.Data.Scrub;

/// <summary>What a scrub can find.</summary>
public enum ScrubKind
{
    /// <summary>The engine itself reports damage, or a row cannot be read.</summary>
    Damage,

    /// <summary>The readings are not those that were committed, by the batch log.</summary>
    ReadingSum,

    /// <summary>A reading has other values in the side path.</summary>
    ReadingDiffers,

    /// <summary>A reading is in the side path only.</summary>
    ReadingMissing,

    /// <summary>A reading is not in the side path.</summary>
    CopyMissing,

    /// <summary>The id of an event is not that of its content.</summary>
    EventId,

    /// <summary>The events of some commits are not those that were committed, by the batch log.</summary>
    EventSum,

    /// <summary>An event is not in the index.</summary>
    IndexMissing,

    /// <summary>The index has other values than the event.</summary>
    IndexDiffers,

    /// <summary>The index names an event that does not exist.</summary>
    EventMissing,

    /// <summary>The request of a command is not registered, or registered with other values.</summary>
    RequestDiffers,

    /// <summary>A registered request names a command that does not exist.</summary>
    CommandMissing,
}

/// <summary>Something that has rotted.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Table">The table.</param>
/// <param name="Row">The row or rows, such as <c>node 12 at 2026-11-29T10:00:00Z</c>, or the id of an event.</param>
/// <param name="Problem">What is wrong, a sentence without its full stop.</param>
/// <param name="Stored">What the store has, by column; null if it cannot be told.</param>
/// <param name="Expected">What it should be, or what the second copy has; null if nothing tells it.</param>
/// <param name="At">Measured time of a reading, canonical time of an event, Unix microseconds; null if neither.</param>
public sealed record ScrubFinding(ScrubKind Kind, string Table, string Row, string Problem, string? Stored = null, string? Expected = null, long? At = null)
{
    /// <summary>Of a reading that differs from its copy: whether the batch log says that the side path is wrong; null if it agrees with neither.</summary>
    public bool? IsCopyWrong { get; init; }

    /// <summary>What to do about it.</summary>
    public string Advice => Kind switch
    {
        ScrubKind.Damage => "Restore a backup from before; docs/operations.md has the steps ('When the database is damaged').",
        ScrubKind.ReadingDiffers or ScrubKind.ReadingMissing or ScrubKind.CopyMissing => IsCopyWrong switch
        {
            true => "The database has what was committed: rebuild the side path on the Analytics page.",
            false => "The side path has what was committed: correct the row in the database, or restore a backup.",
            null => "The batch log agrees with neither: compare with a backup from before.",
        },
        ScrubKind.IndexMissing or ScrubKind.IndexDiffers or ScrubKind.RequestDiffers => "The event itself is as it was, but it may be stored once more when it is sent again. Restore a backup from before, if that matters.",
        _ => "Compare with a backup from before, and restore it if it has the right rows.",
    };

    /// <summary>What <see cref="Expected"/> is.</summary>
    internal string ExpectedName => Kind is ScrubKind.ReadingDiffers or ScrubKind.ReadingMissing ? "side path" : "expected";
}
