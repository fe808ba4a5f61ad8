using SensorDash.Data.Readings;

namespace SensorDash.Data.Ingest;

/// <summary>A line, or an element of an array, that is no reading.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Field">The field at fault, or null when the line as a whole is.</param>
/// <param name="Error">What is wrong, the value, and what is allowed.</param>
public readonly record struct RejectedLine(long Line, string? Field, string Error);

/// <summary>Readings parsed from a body, with where they stood. Filled by a <see cref="ReadingParser"/>, then handed to the buffer.</summary>
public sealed class ParsedBatch
{
    private readonly Reading[] _rows = new Reading[Submission.MaxRows];
    private readonly long[] _lines = new long[Submission.MaxRows];

    public int Count { get; private set; }

    public bool IsFull => Count == _rows.Length;

    /// <summary>Line of the reading at <paramref name="index"/>, from 1.</summary>
    public long LineOf(int index) => _lines[index];

    /// <summary>The readings in a block of their own, for a <see cref="Submission"/>.</summary>
    public ReadOnlyMemory<Reading> CopyRows() => _rows.AsSpan(0, Count).ToArray();

    public long[] CopyLines() => _lines.AsSpan(0, Count).ToArray();

    public void Clear() => Count = 0;

    internal void Add(in Reading reading, long line)
    {
        _rows[Count] = reading;
        _lines[Count++] = line;
    }
}
