using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Pages.Display;

/// <summary>The nodes that a page about many of them looks at: those picked, else those of a zone, else all.</summary>
/// <param name="Offered">The nodes of the zone, by name; the picked ones are among them.</param>
/// <param name="Chosen">By name.</param>
/// <param name="ZoneId">Of the zone, or null for all.</param>
/// <param name="ArePicked">Whether single nodes are picked.</param>
/// <param name="Error">Why the choice is not the one asked for, or null.</param>
internal sealed record NodeSelection(
    IReadOnlyList<NodeView> Offered, IReadOnlyList<NodeView> Chosen, int? ZoneId, bool ArePicked, string? Error)
{
    // In buckets shorter than two usual intervals a fleet would seem to fall silent all the time.
    private const int IntervalsOfABucket = 2;
    private const int MaxBuckets = 200;

    // Round lengths are whole multiples of the usual intervals, so that each bucket has as many readings of one node as of another
    // and the median does not jump between them.
    private static readonly long[] _roundSeconds =
        [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400];

    /// <summary>Addresses of the chosen nodes.</summary>
    public int[] Addresses => [.. Chosen.Select(n => n.Node.Address)];

    public static NodeSelection Read(IQueryCollection query, IReadOnlyList<NodeView> all, IReadOnlyList<Zone> zones)
    {
        var faults = new List<string>();
        var wantedZone = query["zone"].ToString();
        var zone = zones.FirstOrDefault(z => z.Id.ToString(CultureInfo.InvariantCulture) == wantedZone);
        if (wantedZone.Length > 0 && zone is null) faults.Add($"There is no zone “{wantedZone}” any more; nodes of every zone are shown.");
        var offered = all.Where(n => zone is null || n.Zone?.Id == zone.Id)
            .OrderBy(n => n.DisplayName, NameOrder.AsPeopleCount).ThenBy(n => n.Node.Address).ToArray();

        var picked = query["node"].SelectMany(text => (text ?? "").Split(',')).Where(text => text.Length > 0).ToHashSet();
        var chosen = offered.Where(n => picked.Contains(n.Node.Address.ToString(CultureInfo.InvariantCulture))).ToArray();
        if (chosen.Length < picked.Count)
            faults.Add($"{NumberText.Count(picked.Count - chosen.Length, "picked node is", "picked nodes are")} not {(zone is null ? "there" : "in this zone")}.");
        return new(offered, chosen.Length > 0 ? chosen : offered, zone?.Id, chosen.Length > 0, faults.Count > 0 ? string.Join(' ', faults) : null);
    }

    /// <summary>Whether any chosen node can have readings in a range, told without asking for them.</summary>
    public bool MayHaveReadings(ViewRange range) => Chosen.Any(n => n.Node.FirstSeenAt <= range.To && n.Node.LastSeenAt >= range.From);

    /// <summary>What to ask for to get whole buckets of a round length that cover a range: its first and last second, and how many there are.</summary>
    public (long Start, long End, int Count) Buckets(ViewRange range)
    {
        var intervals = Chosen.Select(n => n.Liveness.ExpectedIntervalSeconds).OfType<int>().Order().ToArray();
        var usual = intervals.Length == 0 ? 1 : Math.Max(1, intervals[intervals.Length / 2]);
        var least = Math.Max(IntervalsOfABucket * (long)usual, (range.Seconds + MaxBuckets - 1) / MaxBuckets);
        var seconds = _roundSeconds.FirstOrDefault(s => s >= least);
        if (seconds == 0) seconds = (least + 86_399) / 86_400 * 86_400;
        var (first, last) = (range.From / seconds, (range.To - 1) / seconds);
        return (first * seconds, ((last + 1) * seconds) - 1, (int)(last - first + 1));
    }
}
