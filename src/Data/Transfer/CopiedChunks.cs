namespace SensorDash.Data.Transfer;

/// <summary>What one run has copied of a part, from its first row to its last: the chunks, summed up as they were read, in ranges that are compared with the target at once.</summary>
public sealed class CopiedChunks
{
    // Rows of a range are read one after the other, not kept, and DuckDB reads a month for each range.
    private const long RowsAtOnce = 2_000_000;

    private readonly List<(TransferRange Range, TransferSummary Rows)> _ranges = [];

    internal IReadOnlyList<(TransferRange Range, TransferSummary Rows)> Ranges => _ranges;

    internal long Count => _ranges.Sum(r => r.Rows.Count);

    internal long Hash => _ranges.Aggregate(0L, (hash, r) => unchecked(hash + r.Rows.Hash));

    // A chunk begins where the one before it ends.
    internal void Add(TransferRange chunk, TransferSummary rows)
    {
        if (_ranges is not [.., var (last, sum)] || sum.Count + rows.Count > RowsAtOnce)
        {
            _ranges.Add((chunk, rows));
            return;
        }
        sum.Add(rows);
        _ranges[^1] = (last with { To = chunk.To }, sum);
    }
}
