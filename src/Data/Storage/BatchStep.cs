namespace SensorDash.Data.Storage;

/// <summary>Selects the batches of one read of changes: whole batches until there are enough rows; a removal is separate, or together with others of its kind.</summary>
/// <param name="after">The last batch of the previous read, or 0.</param>
/// <param name="rowsWanted">Rows after which no further batch is added.</param>
internal class BatchStep(long after, int rowsWanted)
{
    private readonly long _after = after;
    private bool _hasRemoval;

    /// <summary>The last batch of this read; equal to the previous one when there is nothing new.</summary>
    public long UpTo { get; private set; } = after;

    /// <summary>Commit time of that batch, Unix microseconds; 0 when there is nothing new.</summary>
    public long CommittedAt { get; private set; }

    public long Rows { get; private set; }

    /// <summary>First time of the rows; greater than <see cref="Last"/> when there are none.</summary>
    public long First { get; private set; } = long.MaxValue;

    public long Last { get; private set; } = long.MinValue;

    /// <summary>Whether the next batch may be added.</summary>
    public bool WantsMore { get; private set; } = true;

    /// <summary>Adds the next batch in the order of ids.</summary>
    /// <param name="committedAt">Unix microseconds.</param>
    public void Add(long id, long committedAt, long rows, long first, long last) => TryAdd(id, committedAt, rows, first, last, isRemoval: false);

    /// <inheritdoc cref="Add(long, long, long, long, long)"/>
    /// <param name="joins">Whether a removal may be in one read with the removals directly before and after it.</param>
    /// <returns>False when it belongs to the next read.</returns>
    protected bool TryAdd(long id, long committedAt, long rows, long first, long last, bool isRemoval, bool joins = false)
    {
        if (UpTo > _after && (_hasRemoval ? !joins : isRemoval))
        {
            WantsMore = false;
            return false;
        }
        (UpTo, CommittedAt) = (id, committedAt);
        _hasRemoval |= isRemoval;
        if (!isRemoval) (Rows, First, Last) = (Rows + rows, Math.Min(First, first), Math.Max(Last, last));
        WantsMore = isRemoval ? joins : Rows < rowsWanted;
        return true;
    }
}
