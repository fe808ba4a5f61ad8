using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using SensorDash.Web.Demo;
using SensorDash.Web.Tests.Pages;

namespace SensorDash.Web.Tests.Demo;

/// <summary>Demo data that goes on while the program runs.</summary>
public sealed class DemoSenderTests : PageTests
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    [Fact]
    public void HistoryAndWhatFollows_GiveEachNodeOneReadingAMinuteWithoutASeam()
    {
        var node = DemoNodes.All[0];
        long[] times = [.. DemoNodes.History(node, Noon).Concat(DemoNodes.Since(node, Noon, Noon + 300)).Select(r => r.Timestamp)];

        Assert.All(times.Zip(times.Skip(1)), pair => Assert.Equal(60, pair.Second - pair.First));
        Assert.InRange(times[^1], Noon + 241, Noon + 300);
        // Started again a minute before: the same readings.
        Assert.Equal(DemoNodes.History(node, Noon + 60).TakeLast(20), DemoNodes.History(node, Noon).TakeLast(19).Concat(DemoNodes.Since(node, Noon, Noon + 60)));
    }

    [Fact]
    public async Task Loaded_TimeGoesOn_NoNodeTurnsLateAndEventsArrive()
    {
        using (var loaded = await PostFormAsync("/", "Demo")) loaded.EnsureSuccessStatusCode();
        var before = await App.Store.CountAsync(new(null, TimeRange.All), default);

        await PassAsync(120);

        // The node that stopped sending three days ago does not start again.
        Assert.Equal(before + (2 * (DemoNodes.All.Count - 1)), await App.Store.CountAsync(new(null, TimeRange.All), default));
        Assert.Equal(DemoNodes.All.Count - 1, Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "status").Count(status => status == "live"));
        var events = await EventsSinceAsync(Noon);
        Assert.Equal([(Lane.Command, 3), (Lane.Ui, 24), (Lane.Parsed, 120), (Lane.Raw, 120)], events.CountBy(e => e.Lane).OrderBy(l => l.Key).Select(l => (l.Key, l.Value)));
    }

    [Fact]
    public async Task Removed_TimeGoesOn_NothingComesBack()
    {
        using (var loaded = await PostFormAsync("/", "Demo")) loaded.EnsureSuccessStatusCode();
        await PassAsync(2);
        using (var removed = await PostFormAsync("/", "RemoveDemo", ("typedText", "demo data"))) removed.EnsureSuccessStatusCode();
        var events = (await EventsSinceAsync(Noon)).Count;

        App.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.False(await Sender.SendAsync(App.Clock.UnixSeconds, default));

        Assert.Empty(Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
        Assert.Equal(events, (await EventsSinceAsync(Noon)).Count);
    }

    [Fact]
    public async Task Stopped_WhileRowsAreOnTheirWay_StaysStopped()
    {
        using (var loaded = await PostFormAsync("/", "Demo")) loaded.EnsureSuccessStatusCode();
        Task stopping;
        await using (await LockStoreAsync())
        {
            await WaitFor.TrueAsync("rows on their way", async () =>
            {
                App.Clock.Advance(_second);
                return await WaitingAsync("readings") + await WaitingAsync("events") > 0;
            });
            stopping = Sender.StopSendingAsync(default);
        }
        await WaitFor.TrueAsync("nothing on its way", () =>
        {
            App.Clock.Advance(_second);
            return stopping.IsCompleted;
        });
        await stopping;

        // Its timer is the only one of so short a time.
        await WaitFor.TrueAsync("the end of its timer", () =>
        {
            App.Clock.Advance(_second);
            return !App.Clock.IsTimerPending(due => due <= _second);
        });
        Assert.False(await Sender.SendAsync(App.Clock.UnixSeconds, default));

        Task<double> WaitingAsync(string kind) => App.MetricAsync($"sensordash_ingest_waiting_rows{{kind=\"{kind}\"}}");
    }

    [Fact]
    public async Task OneNodeDeleted_OthersGoOn()
    {
        using (var loaded = await PostFormAsync("/", "Demo")) loaded.EnsureSuccessStatusCode();
        await App.Nodes.DeleteAllAsync(new(5, 5), default);

        await PassAsync(60);

        Assert.DoesNotContain("5", Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
        Assert.Contains("4", Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
    }

    private DemoSender Sender => App.Services.GetRequiredService<DemoSender>();

    private async Task<List<LaneEvent>> EventsSinceAsync(long seconds)
    {
        var query = new EventQuery(EventFilter.All, Timebase.Source, EventDirection.Forward, (seconds + 1) * 1_000_000, Limit: EventQuery.MaxLimit);
        return [.. (await App.Services.GetRequiredService<IEventStore>().ReadAsync(query, default)).Events];
    }

    // By hand as well as by the timer, which may be late: the second of both finds nothing to do.
    private async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            App.Clock.Advance(_second);
            Assert.True(await Sender.SendAsync(App.Clock.UnixSeconds, default));
        }
    }
}
