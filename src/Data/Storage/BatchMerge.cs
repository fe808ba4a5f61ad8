namespace SensorDash.Data.Storage;

/// <summary>One row of a batch table. Times are in the unit of the table.</summary>
internal readonly record struct LoggedBatch(long Id, long CommittedAt, long Rows, long First, long Last, bool IsRemoval, long Hash);

/// <summary>Consecutive batches that become one, with the id and the commit time of the last.</summary>
internal readonly record struct MergedBatch(long FirstId, LoggedBatch Batch);

/// <summary>Merges batches that every follower has passed: counts and hashes add up, so the sum of the table stays the number of rows and their hash.</summary>
internal static class BatchMerge
{
    /// <summary>Batches read in one step.</summary>
    public const int StepBatches = 10_000;

    /// <summary>Rows, added and deleted, of a merged batch: a follower that starts at the beginning reads a batch at once.</summary>
    public const long MaxRows = 100_000;

    /// <summary>Chooses the batches of one step.</summary>
    /// <param name="after">Where the step starts.</param>
    /// <param name="batches">The next <see cref="StepBatches"/> in the order of ids, all behind every follower.</param>
    /// <returns>Groups of several batches, and where the next step starts: the last group may still grow. Null when there are no more batches.</returns>
    public static (List<MergedBatch> Merged, long? Next) Plan(long after, IReadOnlyCollection<LoggedBatch> batches)
    {
        var merged = new List<MergedBatch>();
        var next = after;
        MergedBatch? open = null;
        var rows = 0L;
        foreach (var batch in batches)
        {
            var more = Math.Abs(batch.Rows);
            if (open is not { } group || rows + more > MaxRows)
            {
                End();
                if (open is { } ended) next = ended.Batch.Id;
                (open, rows) = (new(batch.Id, batch), more);
                continue;
            }
            open = group with { Batch = Join(group.Batch, batch) };
            rows += more;
        }
        End();
        return (merged, batches.Count < StepBatches ? null : next);

        void End()
        {
            if (open is { } group && group.FirstId != group.Batch.Id) merged.Add(group);
        }
    }

    private static LoggedBatch Join(in LoggedBatch a, in LoggedBatch b)
    {
        // A deletion has no bounds, unless batches were merged into it.
        var (first, last) = (a.IsRemoval, b.IsRemoval) switch
        {
            (true, _) => (b.First, b.Last),
            (_, true) => (a.First, a.Last),
            _ => (Math.Min(a.First, b.First), Math.Max(a.Last, b.Last)),
        };
        return new(b.Id, b.CommittedAt, a.Rows + b.Rows, first, last, a.IsRemoval && b.IsRemoval, unchecked(a.Hash + b.Hash));
    }
}
