using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>Selects a view.</summary>
/// <param name="ScopeId">Null means any scope.</param>
public readonly record struct UiView(string? ScopeId, string SystemId, string ContainerId, string UniqueId, string ViewId);

/// <summary>The state of a view, computed from its events.</summary>
/// <param name="Checkpoint">The checkpoint it starts with, or null when there is none.</param>
/// <param name="Last">The last applied event.</param>
/// <param name="UpdatesApplied">Applied updates after the checkpoint.</param>
public sealed record UiState(JsonObject Data, UiEvent? Checkpoint, UiEvent Last, int UpdatesApplied);

/// <summary>Queries that use pages of events, the same on every store.</summary>
public static class EventQueries
{
    private const int PageLength = 1_000;

    /// <summary>Reads all results of a query page by page, ignoring its limit.</summary>
    /// <remarks>Each page is a separate short read. Events added in the meantime appear if their position is still ahead; none appears twice.</remarks>
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

    /// <summary>The latest event by a timebase, or null.</summary>
    public static async Task<LaneEvent?> FindNewestAsync(
        this IEventStore store, EventFilter filter, Timebase timebase, CancellationToken cancellationToken)
        => await store.FindFirstAsync(new EventQuery(filter, timebase, EventDirection.Backward), cancellationToken);

    /// <summary>The later of the clock's time and the latest event's time, in Unix microseconds.</summary>
    /// <remarks>After a large batch, or after the clock was set back, the store's times are ahead of the clock; this still includes events stored just before.</remarks>
    public static async Task<long> ReadNowAsync(this IEventStore store, TimeProvider clock, CancellationToken cancellationToken)
        => Math.Max(clock.NowMicroseconds(), (await store.FindNewestAsync(EventFilter.All, Timebase.Canonical, cancellationToken))?.CanonicalTime ?? 0);

    /// <summary>The metadata valid at a time: for each scope and key, the last event that took effect until then.</summary>
    /// <param name="asOf">Unix microseconds, inclusive; compared with the effective time, or without one with the event's time in the timebase.</param>
    /// <remarks>Scans the lane, because effective times are independent of the order of events.</remarks>
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
                // Events are read in order, so of two with the same effective time the later one wins.
                if (!latest.TryGetValue(key, out var known) || Effective(metadata) >= Effective(known)) latest[key] = metadata;
            }
        }
        return [.. latest.OrderBy(l => l.Key, Comparer<(string, string)>.Create(CompareKeys)).Select(l => l.Value)];

        long Effective(MetadataEvent metadata) => metadata.EffectiveTime ?? metadata.TimeBy(timebase);
    }

    /// <summary>The state of a view at a time: its latest checkpoint, then the updates after it in order. A null removes a key.</summary>
    /// <param name="at">Unix microseconds, inclusive.</param>
    /// <returns>Null when the view has no events until then.</returns>
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
