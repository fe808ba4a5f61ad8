using System.Globalization;
using System.Text;

namespace SensorDash.Web.Pages.Display;

/// <summary>A table of a page as a file. Its cells are numbers, times and fixed words: no free text that a spreadsheet could run.</summary>
internal sealed class CsvTable
{
    private readonly StringBuilder _text = new();

    /// <summary>A number as programs read it; empty for null.</summary>
    public static string Number(decimal? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    public void AddRow(IEnumerable<object?> cells)
        => _text.AppendJoin(',', cells.Select(c => Convert.ToString(c, CultureInfo.InvariantCulture))).Append('\n');

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());
}
