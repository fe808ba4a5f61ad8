using System.Collections.Immutable;

namespace SensorDash.Data.Events;

/// <summary>The fields of each lane, in the order of its table and its JSON. The strings in <see cref="EventField"/> support filters.</summary>
/// <remarks>
/// A new field is a property of the event, a line here, and a property of the row with a migration. The id does not derive from these lines:
/// <see cref="LaneEvent.IdentityKey"/> joins some fields with separators of the contract, and stays easy to compare with the contract.
/// </remarks>
internal static class LaneColumns
{
    public static ImmutableArray<LaneColumn> Metadata { get; } = [
        Text<MetadataEvent>("messageType", e => e.MessageType, (e, value) => e.MessageType = value),
        Time<MetadataEvent>("effectiveTime", e => e.EffectiveTime, (e, value) => e.EffectiveTime = value),
        OptionalText<MetadataEvent>("streamId", e => e.StreamId, (e, value) => e.StreamId = value),
        OptionalText<MetadataEvent>("manifestId", e => e.ManifestId, (e, value) => e.ManifestId = value)];

    public static ImmutableArray<LaneColumn> Command { get; } = [
        Text<CommandEvent>("messageType", e => e.MessageType, (e, value) => e.MessageType = value),
        Text<CommandEvent>("commandId", e => e.CommandId, (e, value) => e.CommandId = value),
        OptionalText<CommandEvent>("requestId", e => e.RequestId, (e, value) => e.RequestId = value),
        Text<CommandEvent>("targetId", e => e.TargetId, (e, value) => e.TargetId = value),
        Text<CommandEvent>("commandType", e => e.CommandType, (e, value) => e.CommandType = value),
        Text<CommandEvent>("timelineMode", e => e.TimelineMode, (e, value) => e.TimelineMode = value)];

    public static ImmutableArray<LaneColumn> Ui { get; } = [
        Text<UiEvent>("messageType", e => e.MessageType, (e, value) => e.MessageType = value),
        Text<UiEvent>("systemId", e => e.SystemId, (e, value) => e.SystemId = value),
        Text<UiEvent>("containerId", e => e.ContainerId, (e, value) => e.ContainerId = value),
        Text<UiEvent>("uniqueId", e => e.UniqueId, (e, value) => e.UniqueId = value),
        Text<UiEvent>("viewId", e => e.ViewId, (e, value) => e.ViewId = value),
        Text<UiEvent>("manifestId", e => e.ManifestId, (e, value) => e.ManifestId = value),
        Text<UiEvent>("manifestVersion", e => e.ManifestVersion, (e, value) => e.ManifestVersion = value)];

    public static ImmutableArray<LaneColumn> Parsed { get; } = [
        Text<ParsedEvent>("streamId", e => e.StreamId, (e, value) => e.StreamId = value),
        Text<ParsedEvent>("streamType", e => e.StreamType, (e, value) => e.StreamType = value),
        Text<ParsedEvent>("schemaVersion", e => e.SchemaVersion, (e, value) => e.SchemaVersion = value)];

    public static ImmutableArray<LaneColumn> Raw { get; } = [
        Text<RawEvent>("connectionId", e => e.ConnectionId, (e, value) => e.ConnectionId = value),
        Whole<RawEvent>("sequence", e => e.Sequence, (e, value) => e.Sequence = value)];

    private static TextColumn Text<TEvent>(string name, Func<TEvent, string> get, Action<TEvent, string> set)
        where TEvent : LaneEvent
        => new(name, isOptional: false, e => get((TEvent)e), (e, value) => set((TEvent)e, value!));

    private static TextColumn OptionalText<TEvent>(string name, Func<TEvent, string?> get, Action<TEvent, string?> set)
        where TEvent : LaneEvent
        => new(name, isOptional: true, e => get((TEvent)e), (e, value) => set((TEvent)e, value));

    private static WholeColumn Whole<TEvent>(string name, Func<TEvent, long> get, Action<TEvent, long> set)
        where TEvent : LaneEvent
        => new(name, e => get((TEvent)e), (e, value) => set((TEvent)e, value));

    private static TimeColumn Time<TEvent>(string name, Func<TEvent, long?> get, Action<TEvent, long?> set)
        where TEvent : LaneEvent
        => new(name, e => get((TEvent)e), (e, value) => set((TEvent)e, value));
}
