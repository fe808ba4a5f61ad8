using System.Text.Json;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Why a row is invalid.</summary>
/// <param name="Field">The invalid field, or null when the whole line is invalid.</param>
/// <param name="Error">The error text: rule and value.</param>
public readonly record struct RowError(string? Field, string Error)
{
    /// <summary>What sent the row, see <see cref="IRow.Sender"/>; null: it does not say.</summary>
    public string? Sender { get; init; }
}

/// <summary>The JSON object of one row. Not for concurrent use.</summary>
public interface IJsonRow<TRow>
{
    /// <summary>Maximum length of an object in bytes, including white space.</summary>
    int MaxLength { get; }

    /// <summary>Reads one object; unknown fields are ignored.</summary>
    /// <param name="json">One JSON value of at most <see cref="MaxLength"/> bytes; may be malformed.</param>
    /// <param name="row">The row, unless there is an error.</param>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    RowError? Parse(ReadOnlySpan<byte> json, out TRow row);
}

/// <summary>Reads the body of one request as rows. Not for concurrent use.</summary>
public abstract class BodyParser<TRow>
{
    /// <summary>Maximum rejected lines listed in the response; all are counted.</summary>
    public const int MaxListedRejections = 100;

    /// <summary>Parsing stops at this number of rejected lines: such a body is not what its sender believes it to be.</summary>
    public const int MaxRejections = 10_000;

    private protected static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly List<RejectedLine> _rejected = [];
    private readonly JsonSyntax _syntax = new();
    private bool _checksSyntax;

    /// <summary>Rejected lines.</summary>
    public long RejectedCount { get; private set; }

    /// <summary>Whether parsing stopped at <see cref="MaxRejections"/>, before the end of the body.</summary>
    public bool HasTooManyRejections => RejectedCount >= MaxRejections;

    /// <summary>The first <see cref="MaxListedRejections"/> rejected lines.</summary>
    public IReadOnlyList<RejectedLine> Rejected => _rejected;

    /// <summary>Runs for each line that this parser or the rules of its sender reject, not for those that the store rejects.</summary>
    public Action<RowError>? OnRejected { get; set; }

    /// <summary>Adds rows to <paramref name="batch"/> until it is full or the body ends.</summary>
    /// <returns>False at the end of the body or when there are too many rejections; the batch may still contain rows.</returns>
    public abstract ValueTask<bool> ReadAsync(ParsedBatch<TRow> batch, CancellationToken cancellationToken);

    /// <summary>Counts a line as rejected that the store rejected.</summary>
    public void AddRejected(long line, string? field, string error)
    {
        RejectedCount++;
        if (_rejected.Count < MaxListedRejections) _rejected.Add(new RejectedLine(line, field, error));
    }

    private protected void Reject(long line, RowError error)
    {
        AddRejected(line, error.Field, error.Error);
        OnRejected?.Invoke(error);
    }

    private protected void Reject(long line, string error) => Reject(line, new RowError(null, error));

    /// <summary>Takes the rows out of a batch that the sender may not send, and counts them as rejected.</summary>
    public void RejectRows(ParsedBatch<TRow> batch, Func<TRow, RowError?> refuse) => batch.Remove(refuse, Reject);

    private protected void AddJson(ParsedBatch<TRow> batch, IJsonRow<TRow> rows, ReadOnlySpan<byte> json, long line)
    {
        RowError? error;
        var row = default(TRow);
        try
        {
            // One exception per request is cheap, one per line is not.
            error = _checksSyntax && _syntax.FindError(json) is var at and >= 0 ? Malformed(at) : rows.Parse(json, out row);
        }
        catch (JsonException)
        {
            error = Malformed(_syntax.FindError(json));
            _checksSyntax = true;
        }
        if (error is { } found) Reject(line, found);
        else batch.Add(row!, line, json.Length);
    }

    private static RowError Malformed(int at) => new(null, $"malformed JSON at byte {at + 1}");
}
