namespace SensorDash.Data.Storage;

/// <summary>One committed change of the readings: rows added, or a node removed. What follows the store (side path, transfer) counts in these.</summary>
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

    /// <summary>The node that this change removed with everything it had sent before; null when it added rows.</summary>
    public int? RemovedNode { get; set; }
}
