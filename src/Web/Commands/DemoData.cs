using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Commands;

/// <summary>Demo data: 30 days of 12 nodes, with gaps, a spike, a node around 0 °C, one with a single sensor and one that stopped sending.</summary>
/// <remarks>It uses the write buffer, like all readings. Loading it again adds duplicates only where times coincide. Hardware ids of its own tell its nodes from others.</remarks>
internal sealed class DemoData(WriteBuffer<Reading> buffer, INodeStore store, NodeDirectory nodes, ZoneDirectory zones, DemoEvents events, TimeProvider clock)
{
    private const int Days = 30;
    private const int IntervalSeconds = 60;
    private const long SecondsPerDay = 86_400;

    // Demo data that is the same everywhere can be documented and tested.
    private const int Seed = 20_260_101;

    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(2);

    private static readonly DemoZone[] _zones =
    [
        new("House", "#3B82F6", "Living rooms"),
        new("Greenhouse", "#16A34A", "Both beds"),
        new("Outside", "#D97706", "Walls, roof and garden"),
    ];

    private static readonly DemoNode[] _nodes =
    [
        new(1, "Living room", "House", 21, 1.2, 45, 6),
        new(2, "Kitchen", "House", 22, 2.0, 50, 10),
        new(3, "Bedroom", "House", 18.5, 1.5, 48, 6),
        new(4, "Bathroom", "House", 22.5, 1.0, 60, 15, Trait.Spike),
        new(5, "Cellar", "House", 12, 0.4, 70, 3),
        new(6, "Study", "House", 20.5, 1.6, 44, 5, Trait.Gaps),
        new(7, "Tomato bed", "Greenhouse", 24, 7, 65, 15),
        new(8, "Seedlings", "Greenhouse", 25, 5, 72, 10, Trait.Gaps),
        new(9, "North wall", "Outside", 0.5, 4, 80, 10), // Crosses 0 °C every day.
        new(10, "Roof", "Outside", 3, 9, 75, 15),
        new(11, "Soil probe", "Outside", 6, 0.8, null, 0),
        new(12, "Garden shed", "Outside", 4, 5, 78, 10, Trait.Silent),
    ];

    private enum Trait
    {
        None,
        Gaps,
        Spike,
        Silent,
    }

    /// <summary>Why it is not loaded into a database that is in use: made-up values among real ones mislead, and share addresses with them.</summary>
    public const string Refusal = "Demo data was not loaded: the database has other nodes.";

    public static bool IsDemo(Node node) => (ulong?)node.DeviceId == DeviceIdOf(node.Address) && _nodes.Any(demo => demo.Address == node.Address);

    /// <summary>Loads it into a database without other nodes; completes when all readings and events are durable.</summary>
    /// <returns>False when the database has other nodes.</returns>
    public async Task<bool> TryLoadAsync(CancellationToken cancellationToken)
    {
        if ((await store.ListAsync(0, _nodes.Length + 1, cancellationToken)).Any(node => !IsDemo(node))) return false;
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var node in _nodes) await LoadAsync(node, now, cancellationToken);

        var existing = (await zones.ListAsync(cancellationToken)).ToLookup(z => z.Name);
        foreach (var demo in _zones)
        {
            var zone = existing[demo.Name].FirstOrDefault() ?? await AddAsync(demo, cancellationToken);
            foreach (var node in _nodes.Where(n => n.Zone == demo.Name)) await NameAsync(node, zone.Id, cancellationToken);
        }
        await events.LoadAsync(cancellationToken);
        return true;
    }

    /// <summary>Deletes the nodes with their readings, and the zones unless they have other nodes. Events stay: no event can be deleted.</summary>
    public async Task<NodeCount> RemoveAsync(CancellationToken cancellationToken)
    {
        var removed = NodeCount.None;
        foreach (var node in (await store.FindAsync([.. _nodes.Select(n => n.Address)], cancellationToken)).Where(IsDemo))
            removed += await store.DeleteAllAsync(new(node.Address, node.Address), cancellationToken);
        var used = await zones.CountNodesAsync(cancellationToken);
        foreach (var zone in await zones.ListAsync(cancellationToken))
            if (used.GetValueOrDefault(zone.Id) == 0 && _zones.Contains(new(zone.Name, zone.Color, zone.Description ?? ""))) await zones.DeleteAsync(zone.Id, cancellationToken);
        return removed;
    }

    private async Task<Zone> AddAsync(DemoZone demo, CancellationToken cancellationToken)
    {
        var patch = new ZonePatch();
        patch.SetName(demo.Name);
        patch.SetColor(demo.Color);
        patch.SetDescription(demo.Description);
        var zone = patch.Create();
        await zones.AddAsync(zone, cancellationToken);
        return zone;
    }

    private async Task NameAsync(DemoNode node, int zone, CancellationToken cancellationToken)
    {
        if (await nodes.FindMetadataAsync(node.Address, cancellationToken) is not null) return; // Keeps what users have entered.
        var patch = new NodeMetadataPatch();
        patch.SetName(node.Name);
        patch.SetZone(zone);
        await nodes.EditMetadataAsync(node.Address, patch, cancellationToken);
    }

    private async Task LoadAsync(DemoNode node, long now, CancellationToken cancellationToken)
    {
        var outstanding = new List<Task>();
        foreach (var rows in Readings(node, now).Chunk(Submission.MaxRows))
        {
            var submission = new Submission<Reading>(rows, isWaitedFor: true);
            await buffer.AddAsync(submission, _timeout, cancellationToken);
            outstanding.Add(submission.Done);
        }
        await Task.WhenAll(outstanding).WaitAsync(_timeout, clock, cancellationToken);
    }

    private static IEnumerable<Reading> Readings(DemoNode node, long now)
    {
        var random = new Random(Seed + node.Address);
        var start = now - (Days * SecondsPerDay);
        var weather = 0.0;
        for (var time = start + (node.Address * 5); time <= now; time += IntervalSeconds)
        {
            // Drawn before gaps are skipped, so that a gap does not change later values.
            weather = (weather * 0.999) + ((random.NextDouble() - 0.5) * 0.05);
            var noise = (random.NextDouble() - 0.5) * 0.2;
            if (IsSilent(node.Trait, time, start, now)) continue;

            var day = Math.Sin(((time % SecondsPerDay / (double)SecondsPerDay) - 0.375) * 2 * Math.PI); // Warmest at 15:00 UTC.
            var celsius = node.Celsius + (node.Swing * 0.5 * day) + (weather * node.Swing * 0.5) + noise;
            if (node.Trait == Trait.Spike && (time - start) / IntervalSeconds == 28 * 1440) celsius += 27.5; // One reading, two days ago.
            var percent = node.Percent is { } level ? Math.Clamp(level - (node.PercentSwing * 0.5 * day) + (noise * 4), 0, 100) : (double?)null;
            yield return new Reading(node.Address, time, (short)Math.Round(celsius * 100), percent is { } p ? (short)Math.Round(p * 100) : null,
                0, time, DeviceIdOf(node.Address));
        }
    }

    private static ulong DeviceIdOf(int address) => unchecked(0x9E37_79B9_7F4A_7C15UL * (ulong)address);

    private static bool IsSilent(Trait trait, long time, long start, long now) => trait switch
    {
        Trait.Gaps => IsWithin(time, start + (9 * SecondsPerDay), hours: 19) || IsWithin(time, now - (20 * 3600), hours: 1)
            || IsWithin(time, now - (5 * 3600), hours: 2),
        Trait.Silent => time > now - (3 * SecondsPerDay),
        _ => false,
    };

    private static bool IsWithin(long time, long start, int hours) => time >= start && time < start + (hours * 3600L);

    private sealed record DemoZone(string Name, string Color, string Description);

    /// <param name="Swing">Difference between night and day.</param>
    /// <param name="Percent">Null for a node without a humidity sensor.</param>
    private sealed record DemoNode(
        int Address, string Name, string Zone, double Celsius, double Swing, double? Percent, double PercentSwing, Trait Trait = Trait.None);
}
