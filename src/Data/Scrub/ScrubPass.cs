using System.Data.Common;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Scrub;

/// <summary>What a pass reads.</summary>
/// <param name="Checks">What the engines check by themselves.</param>
/// <param name="Readings">The readings.</param>
/// <param name="Copy">Their second copy; null if there is none.</param>
/// <param name="EventStore">The events.</param>
/// <param name="Events">The same, for a scrub.</param>
public sealed record ScrubSources(IReadOnlyList<IStoreCheck> Checks, IReadingScrub Readings, ISecondCopy? Copy, IEventStore EventStore, IEventScrub Events);

/// <summary>Reads all rows of the stores once, in short steps, and says what has rotted. It writes nothing.</summary>
public sealed class ScrubPass(ScrubSources sources, ScrubState state, TimeProvider clock)
{
    private readonly ReadingScrubber _readings = new(sources.Readings, sources.Copy);
    private readonly EventScrubber _events = new(sources.EventStore, sources.Events);
    private List<(IStoreCheck Check, string Part)>? _parts;

    /// <summary>How far it is; kept by the caller to go on after a restart.</summary>
    public ScrubState State => state;

    /// <summary>A pass at its beginning.</summary>
    public static ScrubState Begin(TimeProvider clock) => new() { StartedAt = clock.NowMicroseconds() };

    /// <summary>Does the next step.</summary>
    /// <param name="limit">Rows that it reads, about.</param>
    /// <param name="cancellationToken">Cancels it; it is done again then.</param>
    /// <returns>Rows read; null when the pass is done.</returns>
    /// <exception cref="StoreUnavailableException">A store is temporarily unavailable; the step is done again.</exception>
    public async Task<int?> StepAsync(int limit, CancellationToken cancellationToken)
    {
        if (state.Part == ScrubPart.Done) return null;
        int? rows;
        try
        {
            rows = state.Part switch
            {
                ScrubPart.Files => await CheckAsync(cancellationToken),
                ScrubPart.Readings => await _readings.StepAsync(state, limit, cancellationToken),
                ScrubPart.Index => await _events.StepIndexAsync(state, limit, cancellationToken),
                ScrubPart.Events => await _events.StepAsync(state, limit, cancellationToken),
                _ => await _events.StepRequestsAsync(state, limit, cancellationToken),
            };
        }
        catch (Exception e) when (IsOfContent(e))
        {
            rows = await SkipAsync(e, limit, cancellationToken) ? 0 : null;
        }
        if (rows is { } read)
        {
            state.Rows += read;
            return read;
        }
        state.Part++;
        if (state.Part == ScrubPart.Done) state.EndedAt = clock.NowMicroseconds();
        return 0;
    }

    // The engine refuses the data or fails on them, or a value is not what a column can have.
    internal static bool IsOfContent(Exception error) => error is not ObjectDisposedException
        && error is StoreDamagedException or StoreRejectedException or StoreFaultException or DbException or ArgumentException or InvalidOperationException or InvalidCastException or FormatException or OverflowException
            or System.Text.Json.JsonException;

    private async Task<bool> SkipAsync(Exception error, int limit, CancellationToken cancellationToken)
    {
        var (table, from) = state.Part switch
        {
            ScrubPart.Readings => ("sensor_readings", state.Readings is { } r && r.From >= 0 ? ScrubText.Seconds(r.From) : null),
            ScrubPart.Events => ("events of all lanes", state.Events is { } e && e.From >= 0 ? ScrubText.Time(e.From) : null),
            ScrubPart.Index => ("event_index", state.IndexTime is { } time ? ScrubText.Time(time) : null),
            ScrubPart.Requests => ("command_requests", null),
            _ => ("the store", null),
        };
        state.Add(new(ScrubKind.Damage, table, from is null ? "from the beginning" : $"from {from}", $"rows cannot be read: {ScrubText.Shown((error.InnerException ?? error).Message.TrimEnd('.'))}"));
        var goesOn = state.Part switch
        {
            ScrubPart.Files => ++state.Checked > 0 && _parts is not null,
            ScrubPart.Readings => await _readings.SkipAsync(state, limit, cancellationToken),
            ScrubPart.Events => EventScrubber.Skip(state),
            _ => false,
        };
        if (!goesOn && state.Part != ScrubPart.Files) state.Note($"The rest of {table} was not checked, because rows cannot be read.");
        return goesOn;
    }

    private async Task<int?> CheckAsync(CancellationToken cancellationToken)
    {
        if (_parts is null)
        {
            var parts = new List<(IStoreCheck, string)>();
            foreach (var check in sources.Checks)
                foreach (var part in await check.ListPartsAsync(cancellationToken)) parts.Add((check, part));
            _parts = parts;
        }
        if (state.Checked >= _parts.Count) return null;
        var (store, name) = _parts[state.Checked];
        var result = await store.CheckAsync(name, cancellationToken);
        foreach (var error in result.Errors) state.Add(new(ScrubKind.Damage, name, "the engine's own check", ScrubText.Shown(error.TrimEnd('.'))));
        if (result.NotChecked is { } note) state.Note(note);
        state.Checked++;
        return 0;
    }
}
