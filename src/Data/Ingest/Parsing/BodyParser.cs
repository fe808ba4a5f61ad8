using System.Text.Json;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Why something is no row.</summary>
/// <param name="Field">The invalid field, or null when the whole line is invalid.</param>
/// <param name="Error">What is wrong, the value, and what is allowed.</param>
public readonly record struct RowError(string? Field, string Error);

/// <summary>The JSON object of one row. Not for concurrent use.</summary>
public interface IJsonRow<TRow>
{
    /// <summary>Longest object in bytes, white space included.</summary>
    int MaxLength { get; }

    /// <summary>Reads one object; members it does not know are passed over.</summary>
    /// <param name="json">At most <see cref="MaxLength"/> bytes that hold one JSON value; may be malformed.</param>
    /// <param name="row">The row, unless there is an error.</param>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    RowError? Parse(ReadOnlySpan<byte> json, out TRow row);
}

/// <summary>Reads the body of one request as rows. Not for concurrent use.</summary>
public abstract class BodyParser<TRow>
{
    /// <summary>Most rejected lines that are kept for the answer; all are counted.</summary>
    public const int MaxListedRejections = 100;

    private protected static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly List<RejectedLine> _rejected = [];

    /// <summary>Lines that were no row.</summary>
    public long RejectedCount { get; private set; }

    /// <summary>The first <see cref="MaxListedRejections"/> of them.</summary>
    public IReadOnlyList<RejectedLine> Rejected => _rejected;

    /// <summary>Adds rows to <paramref name="batch"/> until it is full or the body ends.</summary>
    /// <returns>False at the end of the body; the batch may still hold rows then.</returns>
    public abstract ValueTask<bool> ReadAsync(ParsedBatch<TRow> batch, CancellationToken cancellationToken);

    /// <summary>Counts a line as rejected; also for lines that the store refuses later.</summary>
    public void Reject(long line, string? field, string error)
    {
        RejectedCount++;
        if (_rejected.Count < MaxListedRejections) _rejected.Add(new RejectedLine(line, field, error));
    }

    private protected void AddJson(ParsedBatch<TRow> batch, IJsonRow<TRow> rows, ReadOnlySpan<byte> json, long line)
    {
        RowError? error;
        var row = default(TRow);
        try
        {
            error = rows.Parse(json, out row);
        }
        catch (JsonException e)
        {
            error = new(null, $"malformed JSON at byte {e.BytePositionInLine + 1}");
        }
        if (error is { } found) Reject(line, found.Field, found.Error);
        else batch.Add(row!, line, json.Length);
    }
}
