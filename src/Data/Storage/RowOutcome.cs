namespace SensorDash.Data.Storage;

/// <summary>The outcome of a row.</summary>
public enum RowOutcome
{
    /// <summary>The row is stored.</summary>
    Inserted,

    /// <summary>The same row is already stored or occurs earlier in the batch.</summary>
    Duplicate,

    /// <summary>A command request whose requestId was already accepted in its scope; not stored.</summary>
    AlreadyAccepted,

    /// <summary>Another event is stored under its id; not stored.</summary>
    Collision,

    /// <summary>A reading of a new node beyond the maximum number of nodes; not stored.</summary>
    NodeLimit,

    /// <summary>Older than it is kept; not stored. Set before the store sees the row.</summary>
    TooOld,

    /// <summary>The store cannot take this row; the writer sets it, not the store.</summary>
    Rejected,
}

internal static class RowOutcomes
{
    /// <summary>The rows of a batch that are stored.</summary>
    public static TRow[] Inserted<TRow>(ReadOnlySpan<TRow> batch, ReadOnlySpan<RowOutcome> outcomes, int count)
    {
        var inserted = new TRow[count];
        for (var (i, at) = (0, 0); at < count; i++)
            if (outcomes[i] == RowOutcome.Inserted) inserted[at++] = batch[i];
        return inserted;
    }
}
