using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>The texts of events that can be filtered by; each is a column of the lanes that have it.</summary>
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

/// <summary>Which lane has which field, and their names on the wire.</summary>
public static class EventFields
{
    private static readonly EventField[][] _byLane = [
        [EventField.MessageType, EventField.StreamId, EventField.ManifestId],
        [EventField.MessageType, EventField.CommandId, EventField.RequestId, EventField.TargetId, EventField.CommandType],
        [EventField.MessageType, EventField.SystemId, EventField.ContainerId, EventField.UniqueId, EventField.ViewId, EventField.ManifestId],
        [EventField.StreamId, EventField.StreamType],
        [EventField.ConnectionId]];

    private static readonly string[] _names = [.. Enum.GetNames<EventField>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    public static IReadOnlyList<EventField> All { get; } = Enum.GetValues<EventField>();

    public static string Name(this EventField field) => _names[(int)field];

    public static bool Has(this Lane lane, EventField field) => _byLane[(int)lane].Contains(field);

    public static bool TryParse([NotNullWhen(true)] string? name, out EventField field)
    {
        var index = Array.IndexOf(_names, name);
        field = index < 0 ? default : (EventField)index;
        return index >= 0;
    }

    /// <summary>The value of a field; null where the lane or the event has none.</summary>
    public static string? ValueOf(this LaneEvent laneEvent, EventField field) => (laneEvent, field) switch
    {
        (RawEvent raw, EventField.ConnectionId) => raw.ConnectionId,
        (ParsedEvent parsed, EventField.StreamId) => parsed.StreamId,
        (ParsedEvent parsed, EventField.StreamType) => parsed.StreamType,
        (UiEvent ui, EventField.MessageType) => ui.MessageType,
        (UiEvent ui, EventField.SystemId) => ui.SystemId,
        (UiEvent ui, EventField.ContainerId) => ui.ContainerId,
        (UiEvent ui, EventField.UniqueId) => ui.UniqueId,
        (UiEvent ui, EventField.ViewId) => ui.ViewId,
        (UiEvent ui, EventField.ManifestId) => ui.ManifestId,
        (CommandEvent command, EventField.MessageType) => command.MessageType,
        (CommandEvent command, EventField.CommandId) => command.CommandId,
        (CommandEvent command, EventField.RequestId) => command.RequestId,
        (CommandEvent command, EventField.TargetId) => command.TargetId,
        (CommandEvent command, EventField.CommandType) => command.CommandType,
        (MetadataEvent metadata, EventField.MessageType) => metadata.MessageType,
        (MetadataEvent metadata, EventField.StreamId) => metadata.StreamId,
        (MetadataEvent metadata, EventField.ManifestId) => metadata.ManifestId,
        _ => null,
    };
}

/// <summary>Which events: all conditions must hold. The default is every event.</summary>
public sealed record EventFilter
{
    public static EventFilter All { get; } = new();

    public IReadOnlyList<Lane> Lanes { get; init; } = Events.Lanes.All;

    /// <summary>Any of these scopes; empty: every scope.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    public IReadOnlyList<KeyValuePair<EventField, string>> Fields { get; init; } = [];

    /// <summary>Conditions on the content of JSON lanes; no raw event meets one.</summary>
    public IReadOnlyList<PayloadCondition> Payload { get; init; } = [];

    /// <summary>The same answer as a store's query gives, for an event at hand.</summary>
    public bool Matches(LaneEvent laneEvent)
        => Lanes.Contains(laneEvent.Lane) && (Scopes.Count == 0 || Scopes.Contains(laneEvent.ScopeId))
            && Fields.All(f => laneEvent.ValueOf(f.Key) == f.Value) && MatchesPayload(laneEvent);

    internal bool MatchesPayload(LaneEvent laneEvent)
    {
        foreach (var condition in Payload)
            if (!laneEvent.Lane.HoldsJson() || !condition.Matches(laneEvent.Content)) return false;
        return true;
    }
}
