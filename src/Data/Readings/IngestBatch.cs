namespace SensorDash.Data.Readings;

/// <summary>One committed change of the readings: rows added, a node deleted, or the oldest readings deleted. Subscribers (side path, transfer) count in batches.</summary>
public sealed class IngestBatch
{
    /// <summary>Ascending in commit order, from 1, never reused.</summary>
    public long Id { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long CommittedAt { get; set; }

    /// <summary>Rows added, without duplicates; negative for rows deleted. The sum over all batches is the number of readings.</summary>
    public long RowCount { get; set; }

    /// <summary>The sum of the hashes of the rows added, less those deleted (<see cref="ReadingHash"/>). The sum over all batches is that of all readings.</summary>
    public long RowsHash { get; set; }

    /// <summary>First measured time in the batch, Unix seconds.</summary>
    public long FirstTimestamp { get; set; }

    /// <summary>Latest measured time in the batch, Unix seconds.</summary>
    public long LastTimestamp { get; set; }

    /// <summary>The node that this change deleted with all its earlier readings, or with <see cref="RemovedBefore"/> only its older ones; else null.</summary>
    public int? RemovedNode { get; set; }

    /// <summary>The measured time before which this change deleted all readings, or those of <see cref="RemovedNode"/>, Unix seconds; else null.</summary>
    public long? RemovedBefore { get; set; }
}
