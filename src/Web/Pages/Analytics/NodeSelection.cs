using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>The nodes that the page shows: the selected ones, otherwise those of a zone, otherwise all.</summary>
/// <param name="All">Nodes of the hub.</param>
/// <param name="Selected">The nodes that the page shows, by address.</param>
/// <param name="Options">The nodes that can be selected, those of the zone.</param>
/// <param name="Intervals">Expected intervals of some of the selected nodes, seconds.</param>
/// <param name="ZoneId">The zone; null for all zones.</param>
/// <param name="IsExplicit">Whether the URL names nodes.</param>
/// <param name="Error">Why the selection differs from the URL; null when it does not.</param>
internal sealed record NodeSelection(
    int All, IReadOnlyList<NodeEntry> Selected, NodeOptions Options, IReadOnlyList<int> Intervals, int? ZoneId, bool IsExplicit, string? Error)
{
    // With buckets shorter than two expected intervals, charts show gaps that are none.
    private const int IntervalsPerBucket = 2;
    private const int MaxBuckets = 200;

    // Nodes whose intervals determine the length of buckets: the median of so many hardly differs from that of all.
    private const int SampledNodes = 60;

    // Round lengths are multiples of common intervals, so that all buckets have equally many readings of each node
    // and the median does not jump between nodes.
    private static readonly long[] _roundSeconds =
        [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400];

    /// <summary>Addresses of the selected nodes; null for all nodes of the hub.</summary>
    public IReadOnlyCollection<int>? Addresses => Selected.Count < All ? [.. Selected.Select(n => n.Node.Address)] : null;

    /// <summary>The first of the selected nodes, by name.</summary>
    public IEnumerable<NodeEntry> First(int count) => Selected.Order(NodeOrder.ByName).Take(count);

    public static async Task<NodeSelection> ReadAsync(HttpRequest request, NodeViews nodes, IReadOnlyList<Zone> zones, CancellationToken cancellationToken)
    {
        var find = NodeOptions.FindOf(request);
        var selection = Of(request.Query, await nodes.ListAsync(find, cancellationToken), zones, find);
        var step = Math.Max(1, selection.Selected.Count / SampledNodes);
        var sample = selection.Selected.Where((_, i) => i % step == 0).Select(n => n.Node.Address).ToArray();
        var intervals = (await nodes.FindAsync(sample, cancellationToken)).Select(n => n.Liveness.ExpectedIntervalSeconds).OfType<int>();
        return selection with { Intervals = [.. intervals] };
    }

    /// <summary>The selection without <see cref="Intervals"/>.</summary>
    public static NodeSelection Of(IQueryCollection query, IReadOnlyList<NodeEntry> all, IReadOnlyList<Zone> zones, string? find)
    {
        var errors = new List<string>();
        var zoneId = query["zone"].ToString();
        var zone = zones.FirstOrDefault(z => z.Id.ToString(CultureInfo.InvariantCulture) == zoneId);
        if (zoneId.Length > 0 && zone is null) errors.Add($"Zone “{zoneId}” no longer exists; showing all zones.");
        var offered = zone is null ? all : [.. all.Where(n => n.Zone?.Id == zone.Id)];

        var wanted = query["node"].SelectMany(text => (text ?? "").Split(',')).Where(text => text.Length > 0).ToHashSet();
        NodeEntry[] selected = wanted.Count == 0 ? [] : [.. offered.Where(n => wanted.Contains(n.Node.Address.ToString(CultureInfo.InvariantCulture)))];
        if (selected.Length < wanted.Count)
            errors.Add($"{NumberText.Count(wanted.Count - selected.Length, "selected node does", "selected nodes do")} not exist{(zone is null ? "" : " in this zone")}.");
        return new(all.Count, selected.Length > 0 ? selected : offered, NodeOptions.Of(offered, selected.Contains, find), [], zone?.Id, selected.Length > 0,
            errors.Count > 0 ? string.Join(' ', errors) : null);
    }

    /// <summary>Whether any selected node can have readings in a range, without reading them.</summary>
    public bool MayHaveReadings(ViewRange range) => Selected.Any(n => n.Node.FirstSeenAt <= range.To && n.Node.LastSeenAt >= range.From);

    /// <summary>The buckets of a round length that cover a range: their first and last second, and their number.</summary>
    public (long Start, long End, int Count) Buckets(ViewRange range)
    {
        var intervals = Intervals.Order().ToArray();
        var interval = intervals.Length == 0 ? 1 : Math.Max(1, intervals[intervals.Length / 2]);
        var min = Math.Max(IntervalsPerBucket * (long)interval, (range.Seconds + MaxBuckets - 1) / MaxBuckets);
        var seconds = _roundSeconds.FirstOrDefault(s => s >= min);
        if (seconds == 0) seconds = (min + 86_399) / 86_400 * 86_400;
        var (first, last) = (range.From / seconds, (range.To - 1) / seconds);
        return (first * seconds, ((last + 1) * seconds) - 1, (int)(last - first + 1));
    }
}
