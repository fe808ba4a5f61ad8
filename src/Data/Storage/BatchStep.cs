using System.Data.Common;

namespace SensorDash.Data.Storage;

/// <summary>Chooses the batches that make one step of changes: whole ones until there are enough rows, and never past a removal, which is a step of its own.</summary>
/// <param name="after">The last batch of the step before, or 0.</param>
/// <param name="rowsWanted">Rows from which on no further batch is taken.</param>
internal class BatchStep(long after, int rowsWanted)
{
    private readonly long _after = after;

    /// <summary>The last batch of the step; the one before it when there is nothing new.</summary>
    public long UpTo { get; private set; } = after;

    /// <summary>When that batch was committed, Unix microseconds; 0 when there is nothing new.</summary>
    public long CommittedAt { get; private set; }

    public long Rows { get; private set; }

    /// <summary>Oldest time of the rows; the wrong way round to <see cref="Last"/> when there are none.</summary>
    public long First { get; private set; } = long.MaxValue;

    public long Last { get; private set; } = long.MinValue;

    /// <summary>Whether the next batch may belong to the step.</summary>
    public bool WantsMore { get; private set; } = true;

    /// <summary>Adds the next batch as a query gives it: id, time of commit, rows, oldest time, newest time.</summary>
    public virtual void Add(DbDataReader batch)
        => TryAdd(batch.GetInt64(0), batch.GetInt64(1), batch.GetInt32(2), batch.GetInt64(3), batch.GetInt64(4), isRemoval: false);

    /// <summary>Adds the next batch in the order of ids.</summary>
    /// <returns>False when it is the first one of the next step.</returns>
    protected bool TryAdd(long id, long committedAt, long rows, long first, long last, bool isRemoval)
    {
        if (isRemoval && UpTo > _after)
        {
            WantsMore = false;
            return false;
        }
        (UpTo, CommittedAt) = (id, committedAt);
        if (!isRemoval) (Rows, First, Last) = (Rows + rows, Math.Min(First, first), Math.Max(Last, last));
        WantsMore = !isRemoval && Rows < rowsWanted;
        return true;
    }
}
