namespace SensorDash.Soak.Tests.LongRun;

/// <summary>What must hold when the last row is sent: nothing acknowledged is lost, doubled or altered, everybody received all of it, and the side path has it.</summary>
internal sealed class SoakEnd(Workload run, StoredState stored, Action<string> write)
{
    private const long DaySeconds = 86_400;

    // A removal of a day that has just begun may still run.
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(SoakSize.Choose(quick: 5, full: 10));

    public async Task CheckAsync()
    {
        await SettleAsync();
        await PiHub.ReadyAsync(run.Server.Client);
        await CheckReadingsAsync();
        await CheckEventsAsync();
        await stored.AssertCountersEqualRecountAsync();
        write(FormattableString.Invariant($"{run.Senders.Sent:N0} rows sent, {run.Senders.Acknowledged:N0} acknowledged, {run.Senders.Refused} bodies refused and sent again; {run.Backups.Made} backups; {run.Queries.Answers:N0} answers, {run.Queries.Refused} refused; {run.Replayers.Sum(r => r.Replays):N0} replays of {run.Replayers.Sum(r => r.Rows):N0} events; streams fell behind {run.Followers.Sum(f => f.FellBehind)} times"));
    }

    // Until retention has removed what is due, stored rows are those that were acknowledged, less those that were removed.
    private async Task SettleAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await DifferenceAsync() is { } difference)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < _limit, difference);
            await Task.Delay(500);
        }
    }

    private async Task<string?> DifferenceAsync()
    {
        var oldest = await stored.OldestReadingAsync();
        if (oldest < KeptFromDay * DaySeconds) return $"a reading of {oldest} is older than day {KeptFromDay}";
        var before = await run.RemovedAsync();
        var (readings, events) = ((await stored.SumReadingsAsync()).From(long.MinValue).Values.Sum(day => day.Rows), await stored.CountEventsAsync());
        var removed = await run.RemovedAsync();
        if (removed.Any(kind => before[kind.Key] != kind.Value)) return "retention removes rows";
        var wrong = SoakRows.Lanes.Where((lane, i) => events[i] != run.Senders.EventsOf(lane).Rows - removed[lane]).ToList();
        if (readings != run.Senders.Readings - removed["readings"]) wrong.Add("readings");
        if (wrong.Count > 0) return $"not as many as acknowledged and not removed: {string.Join(", ", wrong)}";
        write(FormattableString.Invariant($"{readings:N0} readings and {events.Sum():N0} events are stored, {removed["readings"]:N0} readings and {removed.Values.Sum() - removed["readings"]:N0} events were removed"));
        return null;
    }

    private async Task CheckReadingsAsync()
    {
        var days = await stored.SumReadingsAsync();
        Assert.Equal(run.Senders.Days.From(KeptFromDay).OrderBy(d => d.Key), days.From(long.MinValue).OrderBy(d => d.Key));
    }

    private async Task CheckEventsAsync()
    {
        foreach (var follower in run.Followers) Assert.Equal((follower.Name, run.Senders.EventsOf(follower.Lane)), (follower.Name, (follower.Rows, follower.Sources)));
        // Followers of the same events have the same ids.
        foreach (var alike in run.Followers.GroupBy(follower => follower.Lane))
            Assert.Single(alike.Select(follower => string.Join(' ', follower.Hours.From(long.MinValue).OrderBy(hour => hour.Key))).Distinct());
        // Of hours that retention has passed, only what is in effect stays.
        var kept = KeptFromDay * 24;
        Assert.Equal(run.Followers[0].Hours.From(kept).OrderBy(hour => hour.Key), (await stored.SumEventsAsync()).From(kept).OrderBy(hour => hour.Key));
    }

    // One day is kept.
    private long KeptFromDay => (run.Clock.Now / 1_000_000 / DaySeconds) - 1;
}
