using System.Globalization;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.Scrub;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>Scrubs and reads a store in which a bit is another one, and judges what was said about it.</summary>
internal static class Trial
{
    /// <param name="expected">What it had before.</param>
    /// <param name="hasCopy">Whether a side path has every reading, so that a changed one must be named.</param>
    /// <param name="scrub">A whole pass.</param>
    /// <param name="read">Reads everything.</param>
    public static async Task<(Outcome Outcome, string Text)> RunAsync(StoredData expected, bool hasCopy, Func<Task<ScrubState>> scrub, Func<Task<StoredData>> read)
    {
        StoredData? values = null;
        string? refused = null;
        ScrubState? state = null;
        try
        {
            state = await scrub();
            values = await read();
        }
        catch (ScrubFailedException e)
        {
            return (Outcome.Missed, $"the scrub failed: {e.InnerException}");
        }
        catch (Exception e) when (e is not (NullReferenceException or DifferingWaysException))
        {
            refused = e.Message;
        }
        catch (DifferingWaysException e)
        {
            if (state!.FindingCount == 0) return (Outcome.Missed, e.Message);
        }
        if (refused is not null || state!.Findings.Any(f => f.Kind == ScrubKind.Damage)) return (Outcome.FoundByEngine, refused ?? state!.Findings[0].Problem);
        var isFound = state.FindingCount > 0;
        if (values is null) return (isFound ? Outcome.Found : Outcome.Missed, "two ways of reading differ");
        var readings = expected.Readings.Keys.Union(values.Readings.Keys).Where(key => !expected.Readings.TryGetValue(key, out var was) || !values.Readings.TryGetValue(key, out var now) || was != now).ToList();
        var events = expected.Events.Keys.Union(values.Events.Keys).Where(id => expected.Events.GetValueOrDefault(id) != values.Events.GetValueOrDefault(id)).ToList();
        var isNamed = state.Findings.Any(f => f.Kind is not (ScrubKind.ReadingSum or ScrubKind.EventSum));
        if (readings.Count == 0 && events.Count == 0)
        {
            if (isFound) return (isNamed ? Outcome.Named : Outcome.Found, state.Findings[0].Problem);
            return (expected.Small.SetEquals(values.Small) ? Outcome.NoChange : Outcome.WithoutCopy, "");
        }
        var changed = string.Join(", ", readings.Select(key => $"reading {key}").Concat(events.Select(id => $"event {id}")).Take(5));
        if (!isFound) return (Outcome.Missed, $"changed, and nobody said so: {changed}");
        // A new key is in no copy, but the former one is missing.
        var unnamed = hasCopy ? readings.Where(key => expected.Readings.ContainsKey(key) && !state.Findings.Any(f => f.Row.Contains(string.Create(CultureInfo.InvariantCulture, $"node {key.Node} at "), StringComparison.Ordinal)
            && f.Row.Contains(string.Create(CultureInfo.InvariantCulture, $"(timestamp {key.Time})"), StringComparison.Ordinal))).ToList() : [];
        if (unnamed.Count > 0) return (Outcome.Missed, $"found but not named, although the side path has it: {unnamed[0]}; {string.Join(" / ", ScrubReport.Lines(state))}");
        return (isNamed ? Outcome.Named : Outcome.Found, changed);
    }

    /// <summary>A whole pass.</summary>
    public static async Task<ScrubState> ScrubAsync(OpenScrub stores)
    {
        var pass = new ScrubPass(stores.Sources, ScrubPass.Begin(TimeProvider.System), TimeProvider.System);
        while (await pass.StepAsync(5_000, CancellationToken.None) is not null) { }
        return pass.State;
    }

    /// <summary>The same stores, and a side path as the second copy of their readings.</summary>
    public static OpenScrub WithCopy(OpenScrub database, string path)
    {
        var copy = DuckDbSecondCopyFile.Open(new AnalyticsOptions { Path = path, MemoryLimitMiB = 64, Threads = 1 })!;
        return new(database.Sources with { Copy = copy }, database.Claim, copy);
    }
}

/// <summary>A scrub ended with an error instead of a finding.</summary>
internal sealed class ScrubFailedException(Exception error) : Exception(error.Message, error);
