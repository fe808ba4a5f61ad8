using System.Text.Encodings.Web;
using System.Text.Json;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>A row that no store can hold.</summary>
/// <param name="Source">The file.</param>
/// <param name="Table">Its table; null for a text file.</param>
/// <param name="RowId">Its row, or line.</param>
/// <param name="Column">The column with the fault; null if it is of the whole row.</param>
/// <param name="Value">Its first 200 characters.</param>
/// <param name="Reason">Why it is rejected.</param>
public sealed record Reject(string Source, string? Table, long RowId, string? Column, string? Value, string Reason);

/// <summary>Writes rejected rows to a file, one JSON object per line, and counts them and the warnings.</summary>
/// <param name="path">The file; it is created with the first reject. Null: only counts.</param>
/// <param name="isStrict">Whether the first reject is an error.</param>
/// <param name="appends">Whether rejects of an earlier attempt stay in the file.</param>
public sealed class RejectLog(string? path, bool isStrict, bool appends = false) : IDisposable
{
    private const int MaxValueLength = 200;

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _warnings = new(StringComparer.Ordinal);
    private StreamWriter? _file;

    public bool IsStrict => isStrict;

    public string? Path => _file is null ? null : path;

    public long Count { get; private set; }

    /// <summary>Rejected rows by reason.</summary>
    public IReadOnlyDictionary<string, long> Reasons => _reasons;

    /// <summary>Rows that were carried over although something about them is unusual, by kind.</summary>
    public IReadOnlyDictionary<string, long> Warnings => _warnings;

    /// <exception cref="TransferException">The log is strict.</exception>
    public void Add(Reject reject)
    {
        if (reject.Value is { Length: > MaxValueLength } value) reject = reject with { Value = value[..MaxValueLength] };
        if (path is not null && _file is null)
        {
            // Of an earlier attempt, whose scan found the same, unless it is followed.
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            _file = new StreamWriter(path, append: appends);
        }
        _file?.WriteLine(JsonSerializer.Serialize(reject, _json));
        Count++;
        var reason = reject.Column is null ? reject.Reason : $"{reject.Column} {reject.Reason}";
        _reasons[reason] = _reasons.GetValueOrDefault(reason) + 1;
        if (!isStrict) return;
        Flush();
        throw new TransferException($"A row cannot be carried over: {reject.Source}{(reject.Table is null ? "" : $", table {reject.Table}")}, row {reject.RowId}: "
            + $"{reason}{(reject.Value is null ? "" : $" ('{OutsideText.Shown(reject.Value)}')")}. Without --strict it goes to the file of rejects.");
    }

    public void Warn(string kind, long count = 1)
    {
        if (count > 0) _warnings[kind] = _warnings.GetValueOrDefault(kind) + count;
    }

    public void Flush() => _file?.Flush();

    public void Dispose() => _file?.Dispose();
}
