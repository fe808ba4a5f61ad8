using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>The nodes that the page shows: the selected ones, otherwise those of a zone, otherwise all.</summary>
/// <param name="Offered">The nodes that can be selected, those of the zone, by name.</param>
/// <param name="Selected">The nodes that the page shows, by name.</param>
/// <param name="ZoneId">The zone; null for all zones.</param>
/// <param name="IsExplicit">Whether the URL names nodes.</param>
/// <param name="Error">Why the selection differs from the URL; null when it does not.</param>
internal sealed record NodeSelection(
    IReadOnlyList<NodeView> Offered, IReadOnlyList<NodeView> Selected, int? ZoneId, bool IsExplicit, string? Error)
{
    // With buckets shorter than two expected intervals, charts show gaps that are none.
    private const int IntervalsPerBucket = 2;
    private const int MaxBuckets = 200;

    // Round lengths are multiples of common intervals, so that all buckets have equally many readings of each node
    // and the median does not jump between nodes.
    private static readonly long[] _roundSeconds =
        [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400];

    /// <summary>Addresses of the selected nodes.</summary>
    public int[] Addresses => [.. Selected.Select(n => n.Node.Address)];

    public static NodeSelection Read(IQueryCollection query, IReadOnlyList<NodeView> all, IReadOnlyList<Zone> zones)
    {
        var errors = new List<string>();
        var zoneId = query["zone"].ToString();
        var zone = zones.FirstOrDefault(z => z.Id.ToString(CultureInfo.InvariantCulture) == zoneId);
        if (zoneId.Length > 0 && zone is null) errors.Add($"Zone “{zoneId}” no longer exists; showing all zones.");
        var offered = all.Where(n => zone is null || n.Zone?.Id == zone.Id)
            .OrderBy(n => n.DisplayName, NameOrder.Natural).ThenBy(n => n.Node.Address).ToArray();

        var wanted = query["node"].SelectMany(text => (text ?? "").Split(',')).Where(text => text.Length > 0).ToHashSet();
        var selected = offered.Where(n => wanted.Contains(n.Node.Address.ToString(CultureInfo.InvariantCulture))).ToArray();
        if (selected.Length < wanted.Count)
            errors.Add($"{NumberText.Count(wanted.Count - selected.Length, "selected node does", "selected nodes do")} not exist{(zone is null ? "" : " in this zone")}.");
        return new(offered, selected.Length > 0 ? selected : offered, zone?.Id, selected.Length > 0, errors.Count > 0 ? string.Join(' ', errors) : null);
    }

    /// <summary>Whether any selected node can have readings in a range, without reading them.</summary>
    public bool MayHaveReadings(ViewRange range) => Selected.Any(n => n.Node.FirstSeenAt <= range.To && n.Node.LastSeenAt >= range.From);

    /// <summary>The buckets of a round length that cover a range: their first and last second, and their number.</summary>
    public (long Start, long End, int Count) Buckets(ViewRange range)
    {
        var intervals = Selected.Select(n => n.Liveness.ExpectedIntervalSeconds).OfType<int>().Order().ToArray();
        var interval = intervals.Length == 0 ? 1 : Math.Max(1, intervals[intervals.Length / 2]);
        var min = Math.Max(IntervalsPerBucket * (long)interval, (range.Seconds + MaxBuckets - 1) / MaxBuckets);
        var seconds = _roundSeconds.FirstOrDefault(s => s >= min);
        if (seconds == 0) seconds = (min + 86_399) / 86_400 * 86_400;
        var (first, last) = (range.From / seconds, (range.To - 1) / seconds);
        return (first * seconds, ((last + 1) * seconds) - 1, (int)(last - first + 1));
    }
}
