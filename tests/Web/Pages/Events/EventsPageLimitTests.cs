using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;
using SensorDash.Web.Tests.Requests;

namespace SensorDash.Web.Tests.Pages.Events;

/// <summary>The events page of a store that goes on for ever once it has come to a certain event.</summary>
public sealed class EventsPageLimitTests : ApiTests
{
    [Fact]
    public async Task Search_TakesTooLong_PageSaysSoAndWhatToDo()
    {
        await SendAsync("endless");

        var page = await OpenAsync(TimeSpan.FromSeconds(20));

        Assert.Contains("No result within 20 s", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counts_TakeTooLong_PageSaysSoAndHasTheEvents()
    {
        // The list ends long before it comes to the oldest one; the counts do not.
        await SendAsync(["endless", .. Enumerable.Range(0, 300).Select(i => $"s{i}")]);

        var page = await OpenAsync(TimeSpan.FromSeconds(5));

        Assert.Contains("Counting took longer than 5 seconds", page, StringComparison.Ordinal);
        Assert.Contains("s299", page, StringComparison.Ordinal);
    }

    private async Task SendAsync(params string[] streams)
    {
        await JsonOfAsync(await PostAsync("/api/events", string.Join('\n', streams.Select((stream, i) => EventsApiTests.Parsed(stream, i))), "application/x-ndjson"));
        await ExecuteAsync(
            "ALTER TABLE parsed_events RENAME TO kept",
            $"CREATE VIEW parsed_events AS SELECT * FROM kept WHERE stream_id <> 'endless' OR {EventReadLimitTests.NeverInSqlite}");
    }

    // Asks for the page, and lets that time pass once the page waits for it.
    private async Task<string> OpenAsync(TimeSpan limit)
    {
        var waiting = App.Clock.NextTimerAsync(time => time == limit);
        var page = Client.GetStringAsync(new Uri("/events?range=5m", UriKind.Relative));
        await waiting.WaitAsync(WaitFor.Limit);
        App.Clock.Advance(limit);
        return await page;
    }
}
