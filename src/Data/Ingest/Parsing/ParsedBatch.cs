using System.Runtime.InteropServices;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>A rejected line, or a rejected element of an array.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Field">The invalid field, or null when the whole line is invalid.</param>
/// <param name="Error">The error text: rule and value.</param>
public readonly record struct RejectedLine(long Line, string? Field, string Error);

/// <summary>Rows parsed from a body, with their line numbers. Filled by a <see cref="BodyParser{TRow}"/>, then handed to the buffer.</summary>
public sealed class ParsedBatch<TRow>
{
    // Five thousand events may be large; this limit keeps a request at a few megabytes of events, not gigabytes.
    private const long MaxSourceBytes = 4 << 20;

    // Large rows count as several: a full buffer of small rows and one of large rows then take the same memory.
    private const int BytesPerRow = 256;

    private readonly List<TRow> _rows = [];
    private readonly List<long> _lines = [];

    public int Count => _rows.Count;

    /// <summary>Bytes of the body that the rows were read from.</summary>
    public long SourceBytes { get; private set; }

    public bool IsFull => Count >= Submission.MaxRows || SourceBytes >= MaxSourceBytes;

    /// <summary>Weight in the buffer of rows whose sizes differ, such as events: a row per 256 bytes, at least one per row.</summary>
    public int WeightByBytes => Math.Max(Count, (int)(SourceBytes / BytesPerRow));

    /// <summary>Copies the rows into a separate array, for a <see cref="Submission"/>.</summary>
    public ReadOnlyMemory<TRow> CopyRows() => CollectionsMarshal.AsSpan(_rows).ToArray();

    public long[] CopyLines() => [.. _lines];

    public void Clear()
    {
        _rows.Clear();
        _lines.Clear();
        SourceBytes = 0;
    }

    internal void Remove(Func<TRow, RowError?> refuse, Action<long, RowError> refused)
    {
        var kept = 0;
        for (var i = 0; i < _rows.Count; i++)
        {
            if (refuse(_rows[i]) is { } error) refused(_lines[i], error);
            else (_rows[kept], _lines[kept++]) = (_rows[i], _lines[i]);
        }
        _rows.RemoveRange(kept, _rows.Count - kept);
        _lines.RemoveRange(kept, _lines.Count - kept);
    }

    internal void Add(in TRow row, long line, int sourceBytes)
    {
        _rows.Add(row);
        _lines.Add(line);
        SourceBytes += sourceBytes;
    }
}
