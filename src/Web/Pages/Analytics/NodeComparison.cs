using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>Exact statistics of several nodes side by side, also in two ranges, on one axis.</summary>
/// <param name="Column">The sort column, one of <see cref="Columns"/>.</param>
/// <param name="IsDescending">Largest first.</param>
/// <param name="Earlier">The range that the nodes are compared with; null: none.</param>
/// <param name="Scale">The axis of all bars, in the unit of the page; null without values.</param>
internal sealed record NodeComparison(IReadOnlyList<NodeStatistics> Nodes, string Column, bool IsDescending, TimeRange? Earlier, PlotScale? Scale)
{
    /// <summary>Maximum number of nodes: reading more takes long, and comparing them is hard.</summary>
    public const int MaxNodes = 10;

    /// <summary>Width of the spread drawing, in its own units.</summary>
    public const int SpreadWidth = 200;

    private const string Name = "name";
    private const int MaxTicks = 4;

    /// <summary>Ranges to compare with: their names in the URL and on the page.</summary>
    public static IReadOnlyList<(string Key, string Label)> EarlierRanges { get; } = [("previous", "previous range"), ("day", "day before"), ("week", "week before")];

    /// <summary>The range of one of these names; null for any other text.</summary>
    public static TimeRange? EarlierOf(string name, ViewRange range)
    {
        const long Day = 86_400;
        return name switch
        {
            "previous" => range.Calendar is { } calendar ? new(calendar.Before, range.From - 1) : new(range.From - range.Seconds, range.From - 1),
            "day" => new(range.From - Day, range.To - Day),
            "week" => new(range.From - (7 * Day), range.To - (7 * Day)),
            _ => null,
        };
    }

    public static IReadOnlyList<(string Key, string Label)> Columns { get; } =
        [(Name, "Node"), ("count", "Values"), ("min", "Min"), ("mean", "Mean"), ("max", "Max"), ("p50", "p50"), ("p95", "p95"), ("p99", "p99")];

    /// <summary>Horizontal position of a value in the unit of the page, 0 to <see cref="SpreadWidth"/>.</summary>
    public decimal PositionOf(decimal value) => Math.Round(SpreadWidth * (value - Scale!.Lowest) / (Scale.Highest - Scale.Lowest), 1);

    /// <summary>Compares at most <see cref="MaxNodes"/> nodes, given by name.</summary>
    /// <param name="earlier">A range to compare each node with; null: none.</param>
    /// <param name="sort">A column, with a leading minus for descending; any other value sorts by name.</param>
    public static async Task<NodeComparison> BuildAsync(
        IReadingAnalytics analytics, IEnumerable<NodeEntry> nodes, ViewRange range, TimeRange? earlier, bool isHumidity, ViewSettings view, string? sort, CancellationToken cancellationToken)
    {
        var found = new List<NodeStatistics>();
        foreach (var node in nodes) found.Add(new(node, await ReadAsync(node, new(range.From, range.To)), earlier is { } other ? await ReadAsync(node, other) : null));
        var ends = found.SelectMany(n => new[] { n.Values, n.Earlier }).OfType<ValueStatistics>().SelectMany(v => new[] { v.Min, v.Max }).OfType<decimal>()
            .Select(value => isHumidity ? value : view.Temperature(value)!.Value).ToArray();
        var scale = ends.Length == 0 ? null : PlotScale.Of(ends.Min(), ends.Max(), MaxTicks);
        var isDescending = sort?.StartsWith('-') == true;
        var column = Columns.Select(c => c.Key).FirstOrDefault(key => key == sort?.TrimStart('-')) ?? Name;
        if (column == Name) return new(isDescending ? [.. found.AsEnumerable().Reverse()] : found, column, isDescending, earlier, scale);
        // Nodes without values come last in both directions.
        var ordered = found.OrderBy(n => n.ValueOf(column) is null);
        return new([.. isDescending ? ordered.ThenByDescending(n => n.ValueOf(column)) : ordered.ThenBy(n => n.ValueOf(column))], column, isDescending, earlier, scale);

        async Task<ValueStatistics> ReadAsync(NodeEntry node, TimeRange times)
        {
            var all = await analytics.StatisticsAsync(node.Node.Address, times, ValueSummary.DefaultPercentiles, cancellationToken);
            return isHumidity ? all.Humidity : all.Temperature;
        }
    }

    /// <summary>The sort parameter of a column's heading: numbers start descending, a second click reverses them.</summary>
    public string? NextSort(string column) => column == Column ? (IsDescending ? column : "-" + column) : column == Name ? null : "-" + column;
}

/// <param name="Values">°C or %.</param>
/// <param name="Earlier">Likewise, of the range to compare with; null without one.</param>
internal sealed record NodeStatistics(NodeEntry Node, ValueStatistics Values, ValueStatistics? Earlier)
{
    /// <summary>How much higher its mean is than in the earlier range, °C or %; null when unknown.</summary>
    public decimal? Change => Values.Average - Earlier?.Average;

    public decimal? ValueOf(string column) => column switch
    {
        "count" => Values.Count,
        "min" => Values.Min,
        "mean" => Values.Average,
        "max" => Values.Max,
        "p50" => Values.Percentiles[0],
        "p95" => Values.Percentiles[1],
        _ => Values.Percentiles[2],
    };
}
