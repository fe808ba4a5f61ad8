using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>A node with its current status and metadata.</summary>
/// <param name="Latest">The latest measured reading; null without readings.</param>
/// <param name="Current">The reading with the current values: the latest, or the last received when the latest has a wrong time.</param>
public sealed record NodeView(Node Node, Liveness Liveness, Reading? Latest, Reading? Current, NodeMetadata? Metadata, Zone? Zone)
{
    /// <summary>Its configured name, or its address.</summary>
    public string DisplayName => NameOf(Metadata?.Name, Node.Address);

    internal static string NameOf(string? name, int address) => name ?? FormattableString.Invariant($"Node {address}");
}

/// <summary>Nodes for display: counters, latest reading, status, metadata.</summary>
/// <remarks>
/// A page of nodes takes two steps, so that its cost hardly grows with the number of nodes: <see cref="ListAsync(string?, CancellationToken)"/> reads
/// what filters and orders need, and only the nodes of one page get their latest readings.
/// </remarks>
public sealed class NodeViews(INodeStore nodes, IReadingStore readings, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
{
    // Nodes whose latest readings are in memory at a time: about half a megabyte.
    private const int NodesAtOnce = 200;

    private readonly LearnedIntervals _intervals = new(readings);

    /// <summary>All nodes, by address, for filters, orders and <see cref="PageAsync"/>.</summary>
    /// <param name="text">Sets <see cref="NodeEntry.MatchesText"/>; null or white space matches all nodes.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<NodeEntry>> ListAsync(string? text, CancellationToken cancellationToken)
    {
        text = string.IsNullOrWhiteSpace(text) ? null : text.Trim();
        var known = await nodes.ListAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var zones = await context.Set<Zone>().AsNoTracking().ToDictionaryAsync(z => z.Id, cancellationToken);
        var entries = new NodeEntry[known.Count];
        var at = 0;
        // Both are by address. Notes are long, and only a search needs them.
        var isSearch = text is not null;
        var rows = context.Set<NodeMetadata>().AsNoTracking().OrderBy(m => m.Address)
            .Select(m => new { m.Address, m.Name, m.ZoneId, m.ExpectedIntervalS, Location = isSearch ? m.Location : null, Notes = isSearch ? m.Notes : null });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            for (; at < known.Count && known[at].Address < row.Address; at++) entries[at] = Unnamed(known[at]);
            if (at == known.Count || known[at].Address != row.Address) continue; // The node was deleted in the meantime.
            var zone = row.ZoneId is { } id ? zones.GetValueOrDefault(id) : null;
            entries[at] = new(known[at])
            {
                Name = row.Name,
                Zone = zone,
                ConfiguredInterval = row.ExpectedIntervalS,
                MatchesText = text is null || Matches(known[at].Address, row.Name, row.Location, row.Notes, zone?.Name),
            };
            at++;
        }
        for (; at < known.Count; at++) entries[at] = Unnamed(known[at]);
        return entries;

        NodeEntry Unnamed(Node node) => new(node) { MatchesText = text is null || Matches(node.Address, null) };

        bool Matches(int address, string? name, params ReadOnlySpan<string?> others)
        {
            Span<char> number = stackalloc char[16];
            number.TryWrite(System.Globalization.CultureInfo.InvariantCulture, $"Node {address}", out var length);
            number = number[..length];
            if (((ReadOnlySpan<char>)(name is null ? number : number[5..])).Contains(text, StringComparison.OrdinalIgnoreCase)) return true;
            if (name?.Contains(text, StringComparison.OrdinalIgnoreCase) == true) return true;
            foreach (var other in others)
                if (other?.Contains(text, StringComparison.OrdinalIgnoreCase) == true) return true;
            return false;
        }
    }

    /// <summary>Sets the status of all nodes of a list.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task ReadStatusesAsync(IReadOnlyList<NodeEntry> entries, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var unsure = new List<NodeEntry>();
        foreach (var entry in entries)
        {
            if (entry.ConfiguredInterval is null && Liveness.DependsOnInterval(entry.Node, now) && !_intervals.TryFind(entry.Node, out _)) unsure.Add(entry);
            else entry.Status = StatusOf(entry);
        }
        foreach (var some in unsure.Chunk(NodesAtOnce))
        {
            await _intervals.LearnAsync([.. some.Select(e => e.Node)], cancellationToken);
            foreach (var entry in some) entry.Status = StatusOf(entry);
        }
        _intervals.Trim(entries.Count);

        NodeStatus StatusOf(NodeEntry entry)
        {
            var interval = entry.ConfiguredInterval;
            if (interval is null) _intervals.TryFind(entry.Node, out interval);
            return Liveness.StatusOf(entry.Node, interval, now);
        }
    }

    /// <summary>One page of a list.</summary>
    /// <param name="matching">The nodes of all pages.</param>
    /// <param name="order">Their order, see <see cref="NodeOrder"/>.</param>
    /// <param name="number">Page number; the nearest page if there is none with this number.</param>
    /// <param name="length">Nodes per page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<NodePage> PageAsync(
        IReadOnlyCollection<NodeEntry> matching, IComparer<NodeEntry> order, int number, int length, CancellationToken cancellationToken)
    {
        var count = Math.Max(1, (matching.Count + length - 1) / length);
        number = Math.Clamp(number, 1, count);
        var page = matching.Order(order).Skip((number - 1) * length).Take(length).Select(e => e.Node).ToArray(); // Orders only this page.
        return new(await ViewAsync(page, cancellationToken), number, count, matching.Count);
    }

    /// <summary>Some nodes, by address.</summary>
    /// <param name="after">Only addresses above this one.</param>
    /// <param name="limit">Maximum number of nodes, 1 or more.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<NodeView>> ListAsync(int after, int limit, CancellationToken cancellationToken)
        => await ViewAsync(await nodes.ListAsync(after, limit, cancellationToken), cancellationToken);

    /// <summary>The nodes that exist among some addresses, by address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<NodeView>> FindAsync(IReadOnlyCollection<int> addresses, CancellationToken cancellationToken)
        => await ViewAsync(await nodes.FindAsync(addresses, cancellationToken), cancellationToken);

    /// <summary>One node, or null when no node has that address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<NodeView?> FindAsync(int address, CancellationToken cancellationToken)
        => (await FindAsync([address], cancellationToken)).SingleOrDefault();

    // Rarely another reading than the latest, so rarely another query.
    private async Task<Reading?> FindCurrentAsync(Node node, Reading? latest, int? interval, CancellationToken cancellationToken)
    {
        if (latest is not { } reading || !Liveness.IsSuperseded(node, reading.Timestamp, reading.ReceivedAt, interval)) return latest;
        var received = new Reading[1];
        var query = new ReadingQuery(new(node.Address, new(node.LastReceivedTimestamp, node.LastReceivedTimestamp)), ReadingOrder.NewestFirst);
        return await readings.ReadAsync(query, received, cancellationToken) == 1 ? received[0] : latest; // Retention may have deleted it.
    }

    private async Task<IReadOnlyList<NodeView>> ViewAsync(IReadOnlyList<Node> known, CancellationToken cancellationToken)
    {
        if (known.Count == 0) return [];
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var zones = await context.Set<Zone>().AsNoTracking().ToDictionaryAsync(z => z.Id, cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var views = new List<NodeView>(known.Count);
        foreach (var some in known.Chunk(NodesAtOnce))
        {
            var addresses = Array.ConvertAll(some, n => n.Address);
            var metadata = await context.Set<NodeMetadata>().AsNoTracking().Where(m => addresses.Contains(m.Address)).ToDictionaryAsync(m => m.Address, cancellationToken);
            var learned = await _intervals.LearnAsync([.. some.Where(n => metadata.GetValueOrDefault(n.Address)?.ExpectedIntervalS is null && !_intervals.TryFind(n, out _))], cancellationToken);
            var newest = await readings.ReadNewestAsync([.. addresses.Where(a => !learned.ContainsKey(a))], 1, cancellationToken);
            foreach (var node in some)
            {
                var found = learned.GetValueOrDefault(node.Address) ?? newest.GetValueOrDefault(node.Address, []);
                Reading? latest = found.Length > 0 ? found[0] : null;
                var said = metadata.GetValueOrDefault(node.Address);
                var interval = said?.ExpectedIntervalS;
                if (interval is null) _intervals.TryFind(node, out interval);
                views.Add(new(node, Liveness.Evaluate(node, interval, now), latest, await FindCurrentAsync(node, latest, interval, cancellationToken), said, said?.ZoneId is { } id ? zones.GetValueOrDefault(id) : null));
            }
        }
        return views;
    }
}
