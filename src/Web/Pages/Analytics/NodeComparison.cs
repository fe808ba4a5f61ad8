using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>Exact statistics of several nodes side by side.</summary>
/// <param name="Column">The sort column, one of <see cref="Columns"/>.</param>
/// <param name="IsDescending">Largest first.</param>
internal sealed record NodeComparison(IReadOnlyList<NodeStatistics> Nodes, string Column, bool IsDescending)
{
    /// <summary>Maximum number of nodes: reading more takes long, and comparing them is hard.</summary>
    public const int MaxNodes = 10;

    /// <summary>Width of the spread drawing, in its own units.</summary>
    public const int SpreadWidth = 200;

    private const string Name = "name";

    public static IReadOnlyList<(string Key, string Label)> Columns { get; } =
        [(Name, "Node"), ("count", "Values"), ("min", "Min"), ("mean", "Mean"), ("max", "Max"), ("p50", "p50"), ("p95", "p95"), ("p99", "p99")];

    /// <summary>Smallest value of all nodes; null without values.</summary>
    public decimal? Lowest => Nodes.Min(n => n.Values.Min);

    /// <summary>Largest value of all nodes; null without values.</summary>
    public decimal? Highest => Nodes.Max(n => n.Values.Max);

    /// <summary>Horizontal position of a value, 0 to <see cref="SpreadWidth"/>.</summary>
    public decimal PositionOf(decimal value)
        => Lowest is { } lowest && Highest is { } highest && highest > lowest ? Math.Round(SpreadWidth * (value - lowest) / (highest - lowest), 1) : SpreadWidth / 2m;

    /// <summary>Compares at most <see cref="MaxNodes"/> nodes, given by name.</summary>
    /// <param name="sort">A column, with a leading minus for descending; any other value sorts by name.</param>
    public static async Task<NodeComparison> BuildAsync(
        IReadingAnalytics analytics, IEnumerable<NodeEntry> nodes, ViewRange range, bool isHumidity, string? sort, CancellationToken cancellationToken)
    {
        var found = new List<NodeStatistics>();
        foreach (var node in nodes)
        {
            var all = await analytics.StatisticsAsync(node.Node.Address, new(range.From, range.To), ValueSummary.DefaultPercentiles, cancellationToken);
            found.Add(new(node, isHumidity ? all.Humidity : all.Temperature));
        }
        var isDescending = sort?.StartsWith('-') == true;
        var column = Columns.Select(c => c.Key).FirstOrDefault(key => key == sort?.TrimStart('-')) ?? Name;
        if (column == Name) return new(isDescending ? [.. found.AsEnumerable().Reverse()] : found, column, isDescending);
        // Nodes without values come last in both directions.
        var ordered = found.OrderBy(n => n.ValueOf(column) is null);
        return new([.. isDescending ? ordered.ThenByDescending(n => n.ValueOf(column)) : ordered.ThenBy(n => n.ValueOf(column))], column, isDescending);
    }

    /// <summary>The sort parameter of a column's heading: numbers start descending, a second click reverses them.</summary>
    public string? NextSort(string column) => column == Column ? (IsDescending ? column : "-" + column) : column == Name ? null : "-" + column;
}

/// <param name="Values">°C or %.</param>
internal sealed record NodeStatistics(NodeEntry Node, ValueStatistics Values)
{
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
