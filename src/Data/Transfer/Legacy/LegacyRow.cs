using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace SensorDash.Data.Transfer.Legacy;

/// <summary>A row of a former system: any column may hold a value of any type, or be missing.</summary>
/// <param name="table">Its table.</param>
/// <param name="columns">Index of each column by its name, of any case.</param>
internal sealed class LegacyRow(string table, IReadOnlyDictionary<string, int> columns)
{
    private readonly FrozenDictionary<string, int> _columns = columns.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    private readonly object?[] _values = new object?[columns.Count];

    public string Table => table;

    public long RowId { get; set; }

    /// <summary>Sets a value: long, double, string, bytes for a blob and for a text that is not valid UTF-8, or null.</summary>
    public void Set(int column, object? value) => _values[column] = value;

    public object? this[string column] => _columns.TryGetValue(column, out var at) ? _values[at] : null;

    public bool Has(string column) => _columns.ContainsKey(column);

    /// <summary>The fault of a value, for the file of rejects.</summary>
    public Reject Reject(string source, string? column, string reason) => new(source, Table, RowId, column, column is null ? null : Text(this[column]), reason);

    private static string? Text(object? value) => value is byte[] bytes
        ? Convert.ToHexStringLower(bytes.AsSpan(0, Math.Min(bytes.Length, 100))) : Convert.ToString(value, CultureInfo.InvariantCulture);
}

/// <summary>A row cannot be carried over.</summary>
internal readonly record struct LegacyFault(string? Column, string Reason)
{
    /// <summary>Longest text that every store can hold, in bytes.</summary>
    public const int MaxTextLength = 256;

    /// <summary>A whole number of a column; a fault if it has another type.</summary>
    public static LegacyFault? Whole(LegacyRow row, string column, out long? value)
    {
        value = row[column] as long?;
        return row[column] is null or long ? null : new(column, $"must be a whole number, not {TypeOf(row[column])}");
    }

    /// <summary>A text that every store can hold; null for NULL.</summary>
    public static LegacyFault? Text(LegacyRow row, string column, out string? value)
    {
        value = row[column] as string;
        if (value is null) return row[column] is null ? null : new(column, $"must be a string, not {TypeOf(row[column])}");
        if (value.Contains('\0')) return new(column, "must not contain U+0000");
        return Encoding.UTF8.GetByteCount(value) > MaxTextLength ? new(column, $"must be at most {MaxTextLength} bytes long") : null;
    }

    private static string TypeOf(object? value) => value switch
    {
        double => "a real number",
        string => "a text",
        byte[] => "a blob",
        _ => "a whole number",
    };
}
