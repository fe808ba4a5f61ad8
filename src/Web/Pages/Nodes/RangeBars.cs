using System.Globalization;
using Microsoft.AspNetCore.Html;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>Minimum, mean and maximum of each row of a table, drawn on one scale.</summary>
internal sealed class RangeBars(IReadOnlyList<ValueStatistics> rows, string quantity)
{
    private const int Width = 192;

    /// <summary><c>temperature</c> or <c>humidity</c>.</summary>
    public string Quantity => quantity;

    /// <summary>Start of the scale; null without values.</summary>
    public decimal? Lowest { get; } = rows.Min(r => r.Min);

    /// <summary>End of the scale.</summary>
    public decimal? Highest { get; } = rows.Max(r => r.Max);

    /// <summary>The bar of one row; nothing without values.</summary>
    public IHtmlContent Draw(ValueStatistics row)
    {
        if (row is not { Min: { } min, Average: { } mean, Max: { } max }) return HtmlString.Empty;
        return new HtmlString($"<svg class=\"range-bar {quantity}\" viewBox=\"0 0 {Width} 12\" aria-hidden=\"true\"><path class=\"rule\" d=\"M0 6h{Width}\" />"
            + $"<rect class=\"span\" x=\"{At(min)}\" y=\"3\" width=\"{Number(Math.Max(1, Position(max) - Position(min)))}\" height=\"6\" />"
            + $"<rect class=\"mean\" x=\"{Number(Position(mean) - 1)}\" y=\"1\" width=\"2\" height=\"10\" /></svg>");
    }

    private decimal Position(decimal value) => Highest > Lowest ? Width * (value - Lowest!.Value) / (Highest.Value - Lowest.Value) : Width / 2m;

    private string At(decimal value) => Number(Position(value));

    private static string Number(decimal value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
