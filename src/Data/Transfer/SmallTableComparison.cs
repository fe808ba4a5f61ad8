using System.Globalization;
using System.Runtime.InteropServices;
using SensorDash.Data.Access;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Transfer;

/// <summary>Counts the readings of each node anew, from the rows of the source.</summary>
internal sealed class NodeRecount
{
    private readonly Dictionary<int, (long Count, long First, long Last)> _nodes = [];

    public IReadOnlyCollection<int> Addresses => _nodes.Keys;

    public void Add(ReadOnlySpan<Reading> readings)
    {
        foreach (ref readonly var reading in readings)
        {
            ref var node = ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, reading.NodeAddress, out var isKnown);
            node = isKnown ? (node.Count + 1, Math.Min(node.First, reading.Timestamp), Math.Max(node.Last, reading.Timestamp)) : (1, reading.Timestamp, reading.Timestamp);
        }
    }

    public (long Count, long First, long Last)? Of(int address) => _nodes.TryGetValue(address, out var node) ? node : null;
}

/// <summary>Compares nodes, their metadata, zones, users and keys row by row.</summary>
internal static class SmallTableComparison
{
    /// <summary>The differences. Rows that only the target has are none: it may have had nodes before.</summary>
    /// <param name="recount">The readings of the source by node; null if the transfer does not cover all of them.</param>
    public static IEnumerable<Difference> Compare(SmallTables source, SmallTables target, NodeRecount? recount)
        => Nodes(source, target, recount).Concat(!target.HasMetadata ? [] :
        [
            .. Rows("node_metadata", source.Metadata, target.Metadata, m => m.Address, Columns),
            .. Rows("zones", source.Zones, target.Zones, z => z.Id, Columns),
        ]).Concat(source.Access is { } ours && target.Access is { } theirs ? Access(ours, theirs) : []);

    /// <summary>Whether two states of the small tables have the same rows and values, without the counters of readings.</summary>
    public static bool AreEqual(SmallTables one, SmallTables other)
        => (one.Nodes.Count, one.Metadata.Count, one.Zones.Count) == (other.Nodes.Count, other.Metadata.Count, other.Zones.Count)
            && !Rows("", one.Nodes, other.Nodes, n => n.Address, node => Columns(node, withCounters: true)).Any()
            && !Rows("", one.Metadata, other.Metadata, m => m.Address, Columns).Any() && !Rows("", one.Zones, other.Zones, z => z.Id, Columns).Any()
            && (one.Access is { } ours && other.Access is { } theirs ? AreEqual(ours, theirs) : one.Access is null && other.Access is null);

    private static bool AreEqual(AccessRows one, AccessRows other)
        => (one.Users.Count, one.Sessions.Count, one.Keys.Count, one.ProtectionKeys.Count, one.Audit) == (other.Users.Count, other.Sessions.Count, other.Keys.Count, other.ProtectionKeys.Count, other.Audit)
            && !Access(one, other).Any();

    // Neither hashes nor keys are in a difference, and a session is named by its user, because its id is as good as a password.
    private static IEnumerable<Difference> Access(AccessRows source, AccessRows target) =>
    [
        .. Rows("users", source.Users, target.Users, u => u.Id, Columns, hasSecrets: true),
        .. Rows("sessions", source.Sessions, target.Sessions, s => s.Id, Columns, hasSecrets: true, s => FormattableString.Invariant($"of user {s.UserId}")),
        .. Rows("api_keys", source.Keys, target.Keys, k => k.Id, Columns, hasSecrets: true),
        .. Rows("protection_keys", source.ProtectionKeys, target.ProtectionKeys, k => k.Name, k => [("xml", k.Xml)], hasSecrets: true),
    ];

    private static IEnumerable<Difference> Nodes(SmallTables source, SmallTables target, NodeRecount? recount)
    {
        foreach (var difference in Rows("nodes", source.Nodes, target.Nodes, n => n.Address, node => Columns(node, recount is not null && source.HasCounters && target.HasCounters)))
            yield return difference;
        if (recount is null) yield break;
        var there = source.Nodes.ToDictionary(n => n.Address);
        foreach (var node in target.Nodes)
        {
            if (recount.Of(node.Address) is not var (count, first, last)) continue;
            // Also times of readings that were deleted.
            if (source.HasCounters && there.TryGetValue(node.Address, out var ofSource)) (first, last) = (ofSource.FirstSeenAt, ofSource.LastSeenAt);
            if ((node.TotalReadings, node.FirstSeenAt, node.LastSeenAt) != (count, first, last))
            {
                yield return new(DifferenceKind.Different, "nodes", Text(node.Address)!, string.Create(CultureInfo.InvariantCulture,
                    $"its counters say {node.TotalReadings} readings from {node.FirstSeenAt} to {node.LastSeenAt}, the source {count} from {first} to {last}"));
            }
        }
        var known = target.Nodes.Select(n => n.Address).ToHashSet();
        foreach (var address in recount.Addresses.Where(a => !known.Contains(a)).Except(source.Nodes.Select(n => n.Address)))
            yield return new(DifferenceKind.Missing, "nodes", Text(address)!, null);
    }

    private static IEnumerable<Difference> Rows<TRow, TKey>(
        string table, IEnumerable<TRow> source, IEnumerable<TRow> target, Func<TRow, TKey> key, Func<TRow, IEnumerable<(string Column, string? Value)>> columns,
        bool hasSecrets = false, Func<TRow, string>? name = null)
        where TKey : notnull
    {
        var there = target.ToDictionary(key);
        name ??= row => Convert.ToString(key(row), CultureInfo.InvariantCulture)!;
        foreach (var row in source)
        {
            if (!there.TryGetValue(key(row), out var other))
            {
                yield return new(DifferenceKind.Missing, table, name(row), null);
                continue;
            }
            var different = columns(row).Zip(columns(other)).Where(pair => pair.First.Value != pair.Second.Value)
                .Select(pair => hasSecrets ? $"{pair.First.Column} differs" : $"{pair.First.Column} is {pair.First.Value ?? "absent"} in the source and {pair.Second.Value ?? "absent"} in the target").ToArray();
            if (different.Length > 0) yield return new(DifferenceKind.Different, table, name(row), string.Join("; ", different));
        }
    }

    private static IEnumerable<(string, string?)> Columns(Node node, bool withCounters)
    {
        yield return ("device_id", Text(node.DeviceId));
        yield return ("node_type", node.NodeType);
        if (!withCounters) yield break;
        yield return ("duplicates_seen", Text(node.DuplicatesSeen));
        yield return ("last_received_at", Text(node.LastReceivedAt));
        yield return ("last_received_timestamp", Text(node.LastReceivedTimestamp));
    }

    private static IEnumerable<(string, string?)> Columns(NodeMetadata metadata) => [
        ("name", metadata.Name), ("location", metadata.Location), ("notes", metadata.Notes), ("zone_id", Text(metadata.ZoneId)),
        ("expected_interval_s", Text(metadata.ExpectedIntervalS)), ("updated_at", Text(metadata.UpdatedAt))];

    private static IEnumerable<(string, string?)> Columns(Zone zone) => [("name", zone.Name), ("color", zone.Color), ("description", zone.Description)];

    private static IEnumerable<(string, string?)> Columns(User user) => [
        ("name", user.Name), ("role", user.Role.ToString()), ("password_hash", user.PasswordHash), ("created_at", Text(user.CreatedAt)), ("last_sign_in_at", Text(user.LastSignInAt)),
        ("failed_sign_ins", Text(user.FailedSignIns)), ("locked_until", Text(user.LockedUntil))];

    private static IEnumerable<(string, string?)> Columns(Session session) => [
        ("user_id", Text(session.UserId)), ("created_at", Text(session.CreatedAt)), ("expires_at", Text(session.ExpiresAt))];

    private static IEnumerable<(string, string?)> Columns(ApiKey key) => [
        ("name", key.Name), ("prefix", key.Prefix), ("hash", Convert.ToHexStringLower(key.Hash)), ("scopes", key.Scopes.ToString()), ("event_scopes", key.EventScopes), ("nodes", key.Nodes),
        ("created_by", key.CreatedBy), ("created_at", Text(key.CreatedAt)), ("expires_at", Text(key.ExpiresAt)), ("last_used_at", Text(key.LastUsedAt)), ("revoked_at", Text(key.RevokedAt))];

    private static string? Text(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
