using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>The string fields of events that support filters, in the order of parameters and files. Each is the text column of that name in <see cref="LaneColumns"/>.</summary>
public enum EventField
{
    ConnectionId,
    StreamId,
    StreamType,
    SystemId,
    ContainerId,
    UniqueId,
    ViewId,
    ManifestId,
    MessageType,
    CommandId,
    RequestId,
    CommandType,
    TargetId,
}

/// <summary>The fields of each lane, and their names in the API.</summary>
public static class EventFields
{
    private static readonly string[] _names = [.. Enum.GetNames<EventField>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    public static IReadOnlyList<EventField> All { get; } = Enum.GetValues<EventField>();

    public static string Name(this EventField field) => _names[(int)field];

    public static bool Has(this Lane lane, EventField field) => LaneTable.Of(lane).Find(field) is not null;

    /// <summary>The value of a field; null if the lane or the event has none.</summary>
    public static string? ValueOf(this LaneEvent laneEvent, EventField field) => LaneTable.Of(laneEvent.Lane).Find(field)?.Get(laneEvent);

    /// <summary>The names and values, as on the wire, of the fields of an event that queries cannot filter by.</summary>
    public static IEnumerable<(string Name, string Value)> Others(LaneEvent laneEvent)
    {
        foreach (var column in LaneTable.Of(laneEvent.Lane).Own)
        {
            if (_names.Contains(column.WireName)) continue;
            var value = column switch
            {
                TextColumn text => text.Get(laneEvent),
                WholeColumn whole => FormattableString.Invariant($"{whole.Get(laneEvent)}"),
                TimeColumn time => time.Get(laneEvent) is { } at ? EventTime.Format(at) : null,
                _ => null,
            };
            if (value is not null) yield return (column.WireName, value);
        }
    }
}

/// <summary>Selects events: all conditions must match. The default selects all events.</summary>
public sealed record EventFilter
{
    public static EventFilter All { get; } = new();

    public IReadOnlyList<Lane> Lanes { get; init; } = Events.Lanes.All;

    /// <summary>Any of these scopes; empty means all scopes.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    public IReadOnlyList<KeyValuePair<EventField, string>> Fields { get; init; } = [];

    /// <summary>Conditions on the content of JSON lanes; no raw event matches one.</summary>
    public IReadOnlyList<PayloadCondition> Payload { get; init; } = [];

    /// <summary>A filter that every event passes that passes one of these.</summary>
    /// <param name="filters">At least one.</param>
    internal static EventFilter Union(IReadOnlyCollection<EventFilter> filters)
    {
        if (filters.Count == 1) return filters.First();
        var fields = filters.First().Fields.Where(field => filters.All(f => f.Fields.Contains(field)));
        return new()
        {
            Lanes = [.. filters.SelectMany(f => f.Lanes).Distinct()],
            Scopes = filters.Any(f => f.Scopes.Count == 0) ? [] : [.. filters.SelectMany(f => f.Scopes).Distinct()],
            Fields = [.. fields],
        };
    }

    /// <summary>Whether the event matches all conditions, the cheap ones first.</summary>
    internal bool Matches(LaneEvent laneEvent)
    {
        if (!Lanes.Contains(laneEvent.Lane) || (Scopes.Count > 0 && !Scopes.Contains(laneEvent.ScopeId))) return false;
        foreach (var (field, value) in Fields)
            if (laneEvent.ValueOf(field) != value) return false;
        return MatchesPayload(laneEvent);
    }

    /// <summary>Whether the event matches the conditions on the content, which no store evaluates in SQL.</summary>
    internal bool MatchesPayload(LaneEvent laneEvent)
    {
        foreach (var condition in Payload)
            if (!laneEvent.Lane.HoldsJson() || !condition.Matches(laneEvent.Content)) return false;
        return true;
    }
}
