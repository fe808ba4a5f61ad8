using System.Runtime.CompilerServices;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>Selects a view.</summary>
/// <param name="ScopeId">Null means any scope.</param>
public readonly record struct UiView(string? ScopeId, string SystemId, string ContainerId, string UniqueId, string ViewId);

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

    /// <summary>The state of a view at a time: its latest checkpoint, then the updates after it in order. A null removes a key.</summary>
    /// <param name="at">Unix microseconds, inclusive.</param>
    /// <returns>Null when the view has no events until then.</returns>
    /// <exception cref="UiStateTooLargeException">The state exceeds the limits of <see cref="UiState"/>.</exception>
    public static async Task<UiState?> ReadUiStateAsync(
        this IEventStore store, UiView view, long at, Timebase timebase, CancellationToken cancellationToken)
    {
        var to = at == long.MaxValue ? at : at + 1;
        var checkpoints = new EventQuery(FilterOf(view, UiEvent.Checkpoint), timebase, EventDirection.Backward, To: to);
        var checkpoint = (UiEvent?)await store.FindFirstAsync(checkpoints, cancellationToken);
        var state = new UiState();
        if (checkpoint is not null) state.Start(checkpoint);
        var updates = new EventQuery(FilterOf(view, UiEvent.Update), timebase, EventDirection.Forward, To: to,
            After: checkpoint is null ? null : EventPosition.Of(checkpoint, timebase));
        await foreach (var page in store.ReadPagesAsync(updates, cancellationToken))
        {
            foreach (var update in page.Cast<UiEvent>()) state.Apply(update);
        }
        return state.LastId is null ? null : state;
    }

    private static async Task<LaneEvent?> FindFirstAsync(this IEventStore store, EventQuery query, CancellationToken cancellationToken)
        => (await store.ReadAsync(query with { Limit = 1, EndsAtLimit = true }, cancellationToken)).Events is [var first] ? first : null;

    internal static EventFilter FilterOf(UiView view, string messageType) => new()
    {
        Lanes = [Lane.Ui],
        Scopes = view.ScopeId is { } scope ? [scope] : [],
        Fields = [
            new(EventField.MessageType, messageType), new(EventField.SystemId, view.SystemId), new(EventField.ContainerId, view.ContainerId),
            new(EventField.UniqueId, view.UniqueId), new(EventField.ViewId, view.ViewId)],
    };
}
