namespace SensorDash.Data.Storage;

/// <summary>One committed transaction of readings. What follows the store (side path, transfer) counts in these.</summary>
public sealed class IngestBatch
{
    /// <summary>Ascending in commit order, from 1, never reused.</summary>
    public long Id { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long CommittedAt { get; set; }

    /// <summary>Rows added, duplicates not counted.</summary>
    public int RowCount { get; set; }

    /// <summary>Oldest measured time in the batch, Unix seconds.</summary>
    public long FirstTimestamp { get; set; }

    /// <summary>Newest measured time in the batch, Unix seconds.</summary>
    public long LastTimestamp { get; set; }
}
