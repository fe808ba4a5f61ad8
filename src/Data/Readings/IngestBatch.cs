namespace SensorDash.Data.Readings;

/// <summary>One committed change of the readings: rows added, a node removed, or the oldest readings removed. What follows the store (side path, transfer) counts in these.</summary>
public sealed class IngestBatch
{
    /// <summary>Ascending in commit order, from 1, never reused.</summary>
    public long Id { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long CommittedAt { get; set; }

    /// <summary>Rows added, duplicates not counted; negative for rows removed. The sum over all batches is the number of readings.</summary>
    public int RowCount { get; set; }

    /// <summary>Oldest measured time in the batch, Unix seconds.</summary>
    public long FirstTimestamp { get; set; }

    /// <summary>Newest measured time in the batch, Unix seconds.</summary>
    public long LastTimestamp { get; set; }

    /// <summary>The node that this change removed with everything it had sent before; else null.</summary>
    public int? RemovedNode { get; set; }

    /// <summary>The measured time before which this change removed everything, Unix seconds; else null.</summary>
    public long? RemovedBefore { get; set; }
}
