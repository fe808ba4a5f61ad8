using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Events;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>Events about a node: those whose stream, target or view is its decimal address. Others may be about it as well, but nothing says so.</summary>
/// <param name="Events">The latest ones, newest first.</param>
/// <param name="More">How many older events there are, by field.</param>
internal sealed record NodeEvents(IReadOnlyList<LaneEvent> Events, IReadOnlyList<(EventField Field, long Count)> More)
{
    /// <summary>Events that the charts and the table show: more marks hide the line.</summary>
    public const int MaxShown = 50;

    private const long Second = 1_000_000; // Microseconds.

    // No index has these fields, so that a long range is a scan of three lanes.
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(2);

    private static readonly EventField[] _fields = [EventField.StreamId, EventField.TargetId, EventField.UniqueId];

    /// <summary>The events of a range by the producer's clock, like the readings.</summary>
    /// <returns>Null when the search takes too long.</returns>
    public static Task<NodeEvents?> ReadAsync(IEventStore store, IEventCounts counts, int address, ViewRange range, TimeProvider clock, CancellationToken cancellationToken)
        => clock.WithinAsync(_limit, async token =>
        {
            var (found, more) = (new List<(EventField Field, LaneEvent Event)>(), new List<(EventField, long)>());
            var (from, to) = (range.From * Second, (range.To + 1) * Second);
            foreach (var field in _fields)
            {
                var filter = FilterOf(field, address);
                var page = await store.ReadAsync(new(filter, Timebase.Source, EventDirection.Backward, from, to, Limit: MaxShown), token);
                found.AddRange(page.Events.Select(e => (field, e)));
            }
            var shown = found.OrderByDescending(f => f.Event.SourceTime).Take(MaxShown).ToArray();
            foreach (var field in found.Count < MaxShown ? [] : _fields)
            {
                var all = await counts.CountAsync(new(FilterOf(field, address), Timebase.Source, from, to, from, to - from), token);
                if (all.Sum(c => c.Count) - shown.Count(s => s.Field == field) is > 0 and var rest) more.Add((field, rest));
            }
            return new NodeEvents([.. shown.Select(s => s.Event)], more);
        }, cancellationToken);

    /// <summary>The events page with the events of one of the fields.</summary>
    public static PageUrl ListOf(PageUrl here, int address, EventField field)
        => here.At("/events").With(("timebase", "source"), (field.Name(), address.ToString(CultureInfo.InvariantCulture)));

    /// <summary>What happened, in a line: lane, type and the start of the content.</summary>
    public static string TextOf(LaneEvent laneEvent) => $"{laneEvent.Lane.Name()} {EventText.Type(laneEvent)}: {EventText.Preview(laneEvent)}";

    private static EventFilter FilterOf(EventField field, int address) => new()
    {
        Lanes = [.. Lanes.All.Where(lane => lane.Has(field))],
        Fields = [new(field, address.ToString(CultureInfo.InvariantCulture))],
    };
}
