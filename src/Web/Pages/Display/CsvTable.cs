using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SensorDash.Web.Pages.Display;

/// <summary>A table of a page as a file, CSV or JSON.</summary>
internal sealed class CsvTable
{
    private static readonly JsonWriterOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<object?[]> _rows = []; // The first one has the names of the columns.

    /// <summary>A number as programs read it; an empty cell for null.</summary>
    public static object? Number(decimal? value, string format) => value is { } number ? new NumberCell(number.ToString(format, CultureInfo.InvariantCulture)) : null;

    public void AddRow(IEnumerable<object?> cells) => _rows.Add([.. cells]);

    public byte[] ToCsv()
    {
        var text = new StringBuilder();
        foreach (var row in _rows) text.AppendJoin(',', row.Select(CellOf)).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary><c>{"count": 1, "rows": [{"time": "…", "reading_count": 12}]}</c>, with the columns of the CSV file as names; empty cells are null.</summary>
    public byte[] ToJson()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, _json))
        {
            json.WriteStartObject();
            json.WriteNumber("count", _rows.Count - 1);
            json.WriteStartArray("rows");
            foreach (var row in _rows.Skip(1))
            {
                json.WriteStartObject();
                for (var i = 0; i < row.Length; i++) Write(json, TextOf(_rows[0][i]), row[i]);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, object? cell)
    {
        json.WritePropertyName(name);
        if (cell is null or "") json.WriteNullValue();
        else if (cell is string text) json.WriteStringValue(text);
        else json.WriteRawValue(TextOf(cell));
    }

    // As in exports: text that a spreadsheet would run gets an apostrophe in front of it.
    private static string CellOf(object? cell)
    {
        if (cell is not string { Length: > 0 } text) return TextOf(cell);
        var isFormula = text[0] is '=' or '+' or '-' or '@' or '\t' or '\r';
        if (isFormula) text = "'" + text;
        return isFormula || text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;
    }

    private static string TextOf(object? cell) => Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "";

    private sealed record NumberCell(string Text)
    {
        public override string ToString() => Text;
    }
}
