using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>What the settings mean in this store: the nodes of their zones, and the edges of the lanes. Safe for concurrent use.</summary>
public sealed class RetentionRules(IDbContextFactory<SensorDashContext> contexts, INodeStore nodes, IOptions<RetentionOptions> options, TimeProvider clock)
{
    private const long DayMicroseconds = 86_400_000_000;

    private volatile ReadingRules _readings = ReadingRules.Forever;
    private volatile EventEdges _edges = EventEdges.None;
    private volatile RetentionWait? _waiting;

    public RetentionOptions Options => options.Value;

    /// <summary>Settings that name a zone or a node that does not exist, as of the last read: readings are neither deleted nor rejected then, because a misspelled exception must not delete what it is about.</summary>
    public IReadOnlyList<string> Errors { get; private set; } = [];

    /// <summary>Why retention waits; null if it does not. Then nothing is too old to be stored either.</summary>
    public RetentionWait? Waiting
    {
        get => _waiting;
        set => _waiting = value;
    }

    /// <summary>As of the last read; everything forever before it, with <see cref="Errors"/>, and while retention waits.</summary>
    public ReadingRules Readings => _waiting is null ? _readings : ReadingRules.Forever;

    /// <summary>Edges of the lanes as they were last read: a retention that was shortened and lengthened again brings nothing back.</summary>
    public EventEdges Edges
    {
        get => _edges;
        set => _edges = value;
    }

    /// <summary>Reads zones and nodes, for ingest and the next run.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable; the rules are as before.</exception>
    public async Task<ReadingRules> ReadAsync(CancellationToken cancellationToken)
    {
        var resolved = await ResolveAsync(cancellationToken);
        return _readings = Errors.Count > 0 ? ReadingRules.Forever : resolved;
    }

    /// <summary>Reads zones and nodes, and <see cref="Errors"/>; what counts stays as it is.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<ReadingRules> ResolveAsync(CancellationToken cancellationToken)
    {
        var (settings, errors, days, names) = (options.Value.Readings, new List<string>(), new Dictionary<int, int>(), new Dictionary<int, string>());
        if (settings.Zones.Count > 0) await AddZonesAsync(settings.Zones, days, names, errors, cancellationToken);
        var addresses = settings.Nodes.ToDictionary(n => int.Parse(n.Key, CultureInfo.InvariantCulture), n => n.Value);
        var known = addresses.Count == 0 ? [] : (await nodes.FindAsync(addresses.Keys, cancellationToken)).Select(n => n.Address).ToHashSet();
        foreach (var (address, kept) in addresses)
        {
            (days[address], names[address]) = (kept, FormattableString.Invariant($"Retention:Readings:Nodes:{address}"));
            if (!known.Contains(address)) errors.Add(FormattableString.Invariant($"Retention:Readings:Nodes:{address}: node {address} not found."));
        }
        Errors = errors;
        return new(settings.Default, days) { Settings = names };
    }

    private async Task AddZonesAsync(Dictionary<string, int> ofZones, Dictionary<int, int> days, Dictionary<int, string> names, List<string> errors, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var zones = await context.Set<Zone>().AsNoTracking().ToListAsync(cancellationToken);
        foreach (var name in ofZones.Keys.Where(name => !zones.Exists(z => z.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))) errors.Add($"Retention:Readings:Zones:{name}: zone {name} not found.");
        // The name as in the settings.
        var ids = zones.Where(z => ofZones.ContainsKey(z.Name)).ToDictionary(z => z.Id, z => ofZones.Single(o => o.Key.Equals(z.Name, StringComparison.OrdinalIgnoreCase)));
        var members = await context.Set<NodeMetadata>().AsNoTracking().Where(m => m.ZoneId != null).Select(m => new { m.Address, m.ZoneId }).ToListAsync(cancellationToken);
        foreach (var member in members)
            if (ids.TryGetValue(member.ZoneId!.Value, out var kept)) (days[member.Address], names[member.Address]) = (kept.Value, $"Retention:Readings:Zones:{kept.Key}");
    }

    /// <summary>The canonical time from which events of a lane are kept, Unix microseconds; <see cref="long.MinValue"/>: forever.</summary>
    public long KeptFrom(Lane lane) => options.Value.Events[lane] is > 0 and var days ? (ReadingRules.Today(clock) - days) * DayMicroseconds : long.MinValue;

    /// <summary>The source time before which an event is rejected: what was deleted does not come back, and a retry finds its row in the index (ADR 0040).</summary>
    public long AcceptedFrom(Lane lane) => KeptFrom(lane) is var kept && kept == long.MinValue ? kept : _waiting is not null ? _edges[lane] : Math.Max(kept, _edges[lane]);

    /// <summary>The source times before which rows of the index go: after twice the retention.</summary>
    public IndexBounds IndexBounds => new([.. Lanes.All.Select(lane => KeptFrom(lane) is var kept && kept == long.MinValue ? kept : kept - (options.Value.Events[lane] * DayMicroseconds))]);
}
