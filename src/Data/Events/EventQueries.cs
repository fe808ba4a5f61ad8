using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>Which view's state is asked for.</summary>
/// <param name="ScopeId">Null: of any scope.</param>
public readonly record struct UiView(string? ScopeId, string SystemId, string ContainerId, string UniqueId, string ViewId);

/// <summary>The state of a view as its events made it.</summary>
/// <param name="Checkpoint">The checkpoint it began with, or null when there is none.</param>
/// <param name="Last">The last event that went into it.</param>
/// <param name="UpdatesApplied">Updates behind the checkpoint.</param>
public sealed record UiState(JsonObject Data, UiEvent? Checkpoint, UiEvent Last, int UpdatesApplied);

/// <summary>Questions that are answered from pages of events, the same on every store.</summary>
public static class EventQueries
{
    private const int PageLength = 1_000;

    /// <summary>Reads everything a query names, page by page, whatever its limit.</summary>
    /// <remarks>Each page is a short read of its own. Events that are added meanwhile appear if their place is still ahead; none appears twice.</remarks>
    public static async IAsyncEnumerable<IReadOnlyList<LaneEvent>> ReadPagesAsync(
        this IEventStore store, EventQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = query with { Limit = PageLength };
        while (true)
        {
            var page = await store.ReadAsync(next, cancellationToken);
            if (page.Events.Count > 0) yield return page.Events;
            if (page.Next is null) yield break;
            next = next with { After = page.Next };
        }
    }

    /// <summary>The newest event by a timebase, or null.</summary>
    public static async Task<LaneEvent?> FindNewestAsync(
        this IEventStore store, EventFilter filter, Timebase timebase, CancellationToken cancellationToken)
        => await store.FindFirstAsync(new EventQuery(filter, timebase, EventDirection.Backward), cancellationToken);

    /// <summary>The clock's time or the newest event's, whichever is later, in Unix microseconds.</summary>
    /// <remarks>Behind a large batch, or a clock that was set back, the store's times are ahead of the clock; what was just stored is not to be missed.</remarks>
    public static async Task<long> ReadNowAsync(this IEventStore store, TimeProvider clock, CancellationToken cancellationToken)
        => Math.Max(clock.NowMicroseconds(), (await store.FindNewestAsync(EventFilter.All, Timebase.Canonical, cancellationToken))?.CanonicalTime ?? 0);

    /// <summary>The metadata that held at a time: of every scope and key the event that took effect last until then.</summary>
    /// <param name="asOf">Unix microseconds, included; compared with the effective time, else with the event's own by the timebase.</param>
    /// <remarks>Walks the lane: an effective time may lie anywhere, whenever its event came.</remarks>
    public static async Task<IReadOnlyList<MetadataEvent>> ReadMetadataAsync(
        this IEventStore store, IReadOnlyList<string> scopes, long asOf, Timebase timebase, CancellationToken cancellationToken)
    {
        var latest = new Dictionary<(string, string), MetadataEvent>();
        var query = new EventQuery(new EventFilter { Lanes = [Lane.Metadata], Scopes = scopes }, timebase, EventDirection.Forward);
        await foreach (var page in store.ReadPagesAsync(query, cancellationToken))
        {
            foreach (var metadata in page.Cast<MetadataEvent>())
            {
                if (Effective(metadata) > asOf) continue;
                var key = (metadata.ScopeId, metadata.IdentityKey);
                // Events come in order, so of two that took effect at one moment the later one holds.
                if (!latest.TryGetValue(key, out var known) || Effective(metadata) >= Effective(known)) latest[key] = metadata;
            }
        }
        return [.. latest.OrderBy(l => l.Key, Comparer<(string, string)>.Create(CompareKeys)).Select(l => l.Value)];

        long Effective(MetadataEvent metadata) => metadata.EffectiveTime ?? metadata.TimeBy(timebase);
    }

    /// <summary>The state of a view at a time: its latest checkpoint, then the updates behind that in their order. A null removes a key.</summary>
    /// <param name="at">Unix microseconds, included.</param>
    /// <returns>Null when the view has no event until then.</returns>
    public static async Task<UiState?> ReadUiStateAsync(
        this IEventStore store, UiView view, long at, Timebase timebase, CancellationToken cancellationToken)
    {
        var to = at == long.MaxValue ? at : at + 1;
        var checkpoints = new EventQuery(FilterOf(view, UiEvent.Checkpoint), timebase, EventDirection.Backward, To: to);
        var checkpoint = (UiEvent?)await store.FindFirstAsync(checkpoints, cancellationToken);
        var data = checkpoint is null ? [] : ObjectOf(checkpoint);
        var (last, applied) = (checkpoint, 0);
        var updates = new EventQuery(FilterOf(view, UiEvent.Update), timebase, EventDirection.Forward, To: to,
            After: checkpoint is null ? null : EventPosition.Of(checkpoint, timebase));
        await foreach (var page in store.ReadPagesAsync(updates, cancellationToken))
        {
            foreach (var update in page.Cast<UiEvent>())
            {
                Apply(ObjectOf(update), data);
                (last, applied) = (update, applied + 1);
            }
        }
        return last is null ? null : new UiState(data, checkpoint, last, applied);
    }

    private static async Task<LaneEvent?> FindFirstAsync(this IEventStore store, EventQuery query, CancellationToken cancellationToken)
        => (await store.ReadAsync(query with { Limit = 1, EndsAtLimit = true }, cancellationToken)).Events is [var first] ? first : null;

    private static int CompareKeys((string, string) left, (string, string) right)
    {
        var order = TextOrder.CompareByUtf8(left.Item1, right.Item1);
        return order != 0 ? order : TextOrder.CompareByUtf8(left.Item2, right.Item2);
    }

    internal static EventFilter FilterOf(UiView view, string messageType) => new()
    {
        Lanes = [Lane.Ui],
        Scopes = view.ScopeId is { } scope ? [scope] : [],
        Fields = [
            new(EventField.MessageType, messageType), new(EventField.SystemId, view.SystemId), new(EventField.ContainerId, view.ContainerId),
            new(EventField.UniqueId, view.UniqueId), new(EventField.ViewId, view.ViewId)],
    };

    private static JsonObject ObjectOf(UiEvent laneEvent) => JsonNode.Parse(Encoding.UTF8.GetString(laneEvent.Content))!.AsObject();

    private static void Apply(JsonObject update, JsonObject data)
    {
        foreach (var (key, value) in update)
        {
            if (value is null) data.Remove(key);
            else data[key] = value.DeepClone();
        }
    }
}
