using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Demo;

/// <summary>Demo data: 30 days of twelve nodes and a day of events, which <see cref="DemoSender"/> goes on with.</summary>
/// <remarks>It uses the write buffer, like all readings. Loading it again adds duplicates only where times coincide.</remarks>
internal sealed class DemoData(WriteBuffer<Reading> buffer, INodeStore store, NodeDirectory nodes, ZoneDirectory zones, DemoEvents events, DemoSender sender, TimeProvider clock)
{
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(2);

    private static readonly DemoZone[] _zones =
    [
        new("House", "#3B82F6", "Living rooms"),
        new("Greenhouse", "#16A34A", "Both beds"),
        new("Outside", "#D97706", "Walls, roof and garden"),
    ];

    /// <summary>Why it is not loaded into a database that is in use: made-up values among real ones mislead, and share addresses with them.</summary>
    public const string Refusal = "Demo data was not loaded: the database has other nodes.";

    /// <summary>Loads it into a database without other nodes; completes when all readings and events are durable.</summary>
    /// <returns>False when the database has other nodes.</returns>
    public async Task<bool> TryLoadAsync(CancellationToken cancellationToken)
    {
        if ((await store.ListAsync(0, DemoNodes.All.Count + 1, cancellationToken)).Any(node => !DemoNodes.IsDemo(node))) return false;
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var node in DemoNodes.All) await LoadAsync(node, now, cancellationToken);

        var existing = (await zones.ListAsync(cancellationToken)).ToLookup(z => z.Name);
        foreach (var demo in _zones)
        {
            var zone = existing[demo.Name].FirstOrDefault() ?? await AddAsync(demo, cancellationToken);
            foreach (var node in DemoNodes.All.Where(n => n.Zone == demo.Name)) await NameAsync(node, zone.Id, cancellationToken);
        }
        await events.LoadAsync(now, cancellationToken);
        sender.GoOnAfter(now);
        return true;
    }

    /// <summary>Deletes the nodes with their readings, and the zones unless they have other nodes. Events stay: no event can be deleted.</summary>
    public async Task<NodeCount> RemoveAsync(CancellationToken cancellationToken)
    {
        await sender.StopSendingAsync(cancellationToken); // A reading on its way would make its node anew.
        var removed = NodeCount.None;
        foreach (var node in await DemoNodes.FindAsync(store, cancellationToken))
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
        foreach (var rows in DemoNodes.History(node, now).Chunk(Submission.MaxRows))
        {
            var submission = new Submission<Reading>(rows, isWaitedFor: true);
            await buffer.AddAsync(submission, _timeout, cancellationToken);
            outstanding.Add(submission.Done);
        }
        await Task.WhenAll(outstanding).WaitAsync(_timeout, clock, cancellationToken);
    }

    private sealed record DemoZone(string Name, string Color, string Description);
}
