using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>What one setting deletes with the next run.</summary>
/// <param name="Setting">Its name, such as <c>Retention:Readings:Zones:Garden</c>.</param>
/// <param name="Kind">readings or events.</param>
/// <param name="Of">default, zone Garden, node 12, or the lane.</param>
/// <param name="Days">Days; 0: forever.</param>
/// <param name="IsChosen">Whether it is set; otherwise the days are a proposal.</param>
/// <param name="KeptFrom">Rows before this time go, Unix seconds; null: none.</param>
/// <param name="Rows">Rows that go. Metadata and checkpoints that stay in effect are counted too.</param>
/// <param name="Bytes">Their size on disk, estimated.</param>
/// <param name="Oldest">Time of the oldest row, Unix seconds; null without rows.</param>
public sealed record RetentionLine(string Setting, string Kind, string Of, int Days, bool IsChosen, long? KeptFrom, long Rows, long Bytes, long? Oldest);

/// <summary>Says what retention would delete, without deleting anything.</summary>
public sealed class RetentionPreview(IReadingStore readings, INodeStore nodes, IEventRemoval events, RetentionRules rules, TimeProvider clock)
{
    /// <summary>The days that are proposed.</summary>
    public const int OfferedDays = 90;

    private const int NodesAtOnce = 1_000;
    private const long MicrosecondsPerSecond = 1_000_000;

    // An event is in its lane, in the index of source times and in the event index.
    private const long BytesPerEvent = 300;

    /// <summary>Reads a line per setting. It may take as long as reading an index.</summary>
    /// <param name="offered">Days for what is kept forever by default; 0: these lines have no rows.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<RetentionLine>> ReadAsync(int offered, CancellationToken cancellationToken)
    {
        var lines = new List<RetentionLine>();
        await AddReadingsAsync(lines, offered, cancellationToken);
        var edges = await events.ReadEdgesAsync(cancellationToken);
        foreach (var lane in Lanes.All.Reverse()) lines.Add(await ReadAsync(lane, edges, offered, cancellationToken));
        return lines;
    }

    private async Task AddReadingsAsync(List<RetentionLine> lines, int offered, CancellationToken cancellationToken)
    {
        var (settings, today) = (rules.Options.Readings, ReadingRules.Today(clock));
        var known = await rules.ResolveAsync(cancellationToken);
        var days = settings.Default > 0 ? settings.Default : offered;
        var ofDefault = new Group("Retention:Readings:Default", "default", days, settings.Default > 0);
        var groups = new Dictionary<string, Group> { [ofDefault.Setting] = ofDefault };
        foreach (var (zone, kept) in settings.Zones) groups[$"Retention:Readings:Zones:{zone}"] = new($"Retention:Readings:Zones:{zone}", $"zone {zone}", kept, true);
        foreach (var (node, kept) in settings.Nodes) groups[$"Retention:Readings:Nodes:{node}"] = new($"Retention:Readings:Nodes:{node}", $"node {node}", kept, true);
        for (var (after, more) = (0, true); more;)
        {
            var page = await nodes.ListAsync(after, NodesAtOnce, cancellationToken);
            foreach (var node in page.Where(n => n.TotalReadings > 0))
            {
                var group = groups.GetValueOrDefault(known.Settings.GetValueOrDefault(node.Address, ofDefault.Setting), ofDefault);
                group.Oldest = Math.Min(group.Oldest ?? long.MaxValue, node.FirstSeenAt);
                if (group.Days > 0 && node.FirstSeenAt < ReadingRules.KeptFromDays(group.Days, today)) group.Due.Add(node.Address);
            }
            more = page.Count == NodesAtOnce;
            if (more) after = page[^1].Address;
        }
        foreach (var group in groups.Values)
        {
            var from = ReadingRules.KeptFromDays(group.Days, today);
            var rows = 0L;
            // Without exceptions one count is enough.
            if (groups.Count == 1 && group.Due.Count > 0) rows = await readings.CountAsync(new(null, new(null, from - 1)), cancellationToken);
            else foreach (var node in group.Due) rows += await readings.CountAsync(new(node, new(null, from - 1)), cancellationToken);
            lines.Add(new(group.Setting, "readings", group.Name, group.Days, group.IsChosen, group.Days == 0 ? null : from, rows, rows * readings.BytesPerReading, group.Oldest));
        }
    }

    private async Task<RetentionLine> ReadAsync(Lane lane, EventEdges edges, int offered, CancellationToken cancellationToken)
    {
        var chosen = rules.Options.Events[lane];
        var days = chosen > 0 ? chosen : offered;
        var from = ReadingRules.KeptFromDays(days, ReadingRules.Today(clock));
        var setting = $"Retention:Events:{char.ToUpperInvariant(lane.Name()[0])}{lane.Name()[1..]}";
        var edge = from == long.MinValue ? from : from * MicrosecondsPerSecond;
        var preview = await events.PreviewAsync(lane, edge, cancellationToken);
        var isDone = edges[lane] >= edge; // What is left before the edge is in effect.
        var rows = isDone ? 0 : preview.Events;
        return new(setting, "events", lane.Name(), days, chosen > 0, days == 0 ? null : from, rows, isDone ? 0 : preview.ContentBytes + (rows * BytesPerEvent), preview.Oldest / MicrosecondsPerSecond);
    }

    private sealed class Group(string setting, string name, int days, bool isChosen)
    {
        public string Setting => setting;

        public string Name => name;

        public int Days => days;

        public bool IsChosen => isChosen;

        public long? Oldest { get; set; }

        public List<int> Due { get; } = [];
    }
}
