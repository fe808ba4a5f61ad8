using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The player of the page Events. Its hub has two hundred events, one every 10 s by the producer's clock.</summary>
public sealed partial class PlayerTests(PlayerFixture browser) : IClassFixture<PlayerFixture>
{
    private const string Path = "/events?range=1h&timebase=source";

    [SkippableFact]
    public async Task Live_EventOfEachLane_AppearsOnTopAsTheServerWritesIt()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/events?range=15m");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go LIVE" }).ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(50);
        await Expect(page).ToHaveURLAsync(LiveUrl());

        var scope = await browser.SendEachLaneAsync();

        await Expect(Rows(page).Nth(4)).ToContainTextAsync(scope);
        var live = await Rows(page).EvaluateAllAsync<string[]>("rows => rows.slice(0, 5).map(row => [...row.cells].map(c => c.textContent.trim()).join(' | '))");
        await page.GotoAsync($"/events?range=15m&scope={scope}");
        var listed = await page.Locator(".listed tbody tr").EvaluateAllAsync<string[]>("rows => rows.map(row => [...row.cells].map(c => c.textContent.trim()).join(' | '))");
        Assert.Equal(listed, live);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Play_PauseStepAndJump_ByKeyboard_KeepTheStateInTheUrl()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(Path);
        await page.Keyboard.PressAsync(">"); // × 2
        await page.Locator("[data-play-gaps]").CheckAsync();
        await page.Locator("main").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await Expect(Rows(page).Nth(1)).ToBeVisibleAsync();
        await Expect(page.Locator("[data-refresh-state]")).ToHaveTextAsync("forward × 2");

        await page.Keyboard.PressAsync("Space");
        await Expect(page).ToHaveURLAsync(PausedUrl());
        await ExpectStillAsync(page);
        var count = await Rows(page).CountAsync();
        var newest = await TopAsync(page);
        await page.Keyboard.PressAsync(".");
        await Expect(Rows(page)).ToHaveCountAsync(count + 1);
        await page.Keyboard.PressAsync(",");
        await Expect(Rows(page)).ToHaveCountAsync(count);
        Assert.Equal(newest, await TopAsync(page));

        await page.ReloadAsync();
        await Expect(Rows(page).First).ToBeVisibleAsync();
        Assert.Equal(newest, await TopAsync(page));
        await page.Keyboard.PressAsync("n");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "LIVE", Exact = true })).ToHaveAttributeAsync("aria-pressed", "true");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Backward_ReachesTheFirstEventAndStops_EachEventOnce()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(Path + "&streamId=door");
        await page.Locator("[data-play-gaps]").CheckAsync();
        foreach (var _ in Enumerable.Range(0, 6)) await page.GetByRole(AriaRole.Button, new() { Name = "Higher rate" }).DispatchEventAsync("click");
        await page.GetByRole(AriaRole.Button, new() { Name = "Play backward" }).ClickAsync();

        await Expect(page.Locator("[data-play-state]")).ToContainTextAsync("first event reached");
        await Expect(Rows(page)).ToHaveCountAsync(PlayerFixture.Count);
        var numbers = await Rows(page).EvaluateAllAsync<int[]>("rows => rows.map(row => Number(/\"n\":(\\d+)/.exec(row.textContent)[1]))");
        Assert.Equal(Enumerable.Range(0, PlayerFixture.Count), numbers);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Scrub_ByMouseAndKeyboard_ShowsWhatWasBefore_AndReturnsToLive()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(Path + "&streamId=door");
        var plot = await page.Locator("[data-timeline-plot]").BoundingBoxAsync() ?? throw new InvalidOperationException("No timeline.");

        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.9f), plot.Y + (plot.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.7f), plot.Y + (plot.Height / 2), new() { Steps = 4 });
        await page.Mouse.UpAsync();

        await Expect(page).ToHaveURLAsync(PausedUrl());
        await Expect(Rows(page).First).ToBeVisibleAsync();
        var position = Position(page.Url);
        Assert.True(string.CompareOrdinal(await TopAsync(page), position.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)) < 0);

        await page.Locator("[data-playhead]").FocusAsync();
        var before = page.Url;
        await page.Keyboard.PressAsync("PageUp");
        await Expect(page).Not.ToHaveURLAsync(before);
        await Expect(page.Locator("[data-playhead]")).ToHaveAttributeAsync("aria-valuetext", TimeText());
        await page.GetByRole(AriaRole.Button, new() { Name = "Jump to now" }).ClickAsync();
        await Expect(page.Locator("[data-player]")).ToHaveAttributeAsync("data-mode", "live");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Live_Scrolled_HoldsNewEventsUntilAsked()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/events?play=live");
        await Expect(Rows(page)).ToHaveCountAsync(50);
        await page.EvaluateAsync("scrollTo(0, 600)");
        var seen = await TopAsync(page);

        var scope = await browser.SendEachLaneAsync();

        var held = page.Locator("[data-tail-held]");
        await Expect(held).ToContainTextAsync("5 new");
        Assert.Equal(seen, await TopAsync(page));
        await page.Keyboard.PressAsync("End");
        await Expect(Rows(page).First).ToContainTextAsync(scope);
        await Expect(held).ToBeHiddenAsync();
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Live_OtherLanesChosen_FollowsThose()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/events?play=live");
        await Expect(Rows(page)).ToHaveCountAsync(50);

        await page.Locator("input[name=lanes][value=command]").CheckAsync();
        await Expect(page).ToHaveURLAsync(CommandUrl());
        var scope = await browser.SendEachLaneAsync();

        await Expect(Rows(page).First).ToContainTextAsync(scope);
        Assert.All(await Rows(page).AllTextContentsAsync(), text => Assert.Contains("command", text, StringComparison.Ordinal));
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Live_SocketBlocked_SaysSoAndTheListStays()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.RouteWebSocketAsync("**/ws", _ => { }); // Opens, and nothing ever comes.
        await page.GotoAsync("/events?range=1h");

        await page.GetByRole(AriaRole.Button, new() { Name = "Go LIVE" }).ClickAsync();

        await Expect(page.Locator("[data-refresh-state]")).ToHaveTextAsync("polling");
        await Expect(page.Locator(".listed tbody tr").First).ToBeVisibleAsync();
        watched.AssertNoErrors();
    }

    private static ILocator Rows(IPage page) => page.Locator("[data-tail] tbody tr");

    private static Task<string> TopAsync(IPage page) => Rows(page).First.Locator("th").InnerTextAsync();

    // What is on its way when playback pauses is still shown.
    private static async Task ExpectStillAsync(IPage page) => await page.EvaluateAsync("new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))");

    private static DateTimeOffset Position(string url)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris");
        return TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(Uri.UnescapeDataString(PositionParameter().Match(url).Groups[1].Value), CultureInfo.InvariantCulture), zone);
    }

    [GeneratedRegex("play=live")]
    private static partial Regex LiveUrl();

    [GeneratedRegex("lanes=command.*play=live|play=live.*lanes=command")]
    private static partial Regex CommandUrl();

    [GeneratedRegex("play=paused&position=")]
    private static partial Regex PausedUrl();

    [GeneratedRegex("position=([^&]+)")]
    private static partial Regex PositionParameter();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}$")]
    private static partial Regex TimeText();
}

/// <summary>A hub with events of the last half hour.</summary>
public sealed class PlayerFixture : BrowserFixture
{
    public const int Count = 200;

    private int _scopes;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (!IsAvailable) return;
        var now = TimeProvider.System.GetUtcNow();
        await PostAsync(Enumerable.Range(0, Count).Select(n => string.Create(CultureInfo.InvariantCulture,
            $$"""{"lane": "parsed", "scopeId": "home", "sourceTruthTime": "{{now.AddSeconds(10 * (n - Count)):yyyy-MM-ddTHH:mm:ssZ}}", "streamId": "door", "streamType": "contact", "schemaVersion": "1", "payload": {"n": {{n}} } }""")));
    }

    /// <summary>Sends an event of each lane, of a new scope, produced now.</summary>
    public async Task<string> SendEachLaneAsync()
    {
        var scope = FormattableString.Invariant($"scope-{Interlocked.Increment(ref _scopes)}");
        var common = string.Create(CultureInfo.InvariantCulture, $"\"scopeId\": \"{scope}\", \"sourceTruthTime\": \"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.ffffffZ}\"");
        await PostAsync([
            $$"""{"lane": "raw", {{common}}, "connectionId": "serial-1", "sequence": 9007199254740993, "bytes": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes("$WIMWV,214.8,R,3.9,M,1013.0,A*14\r\nWind é"))}}" }""",
            $$"""{"lane": "parsed", {{common}}, "streamId": "weather", "streamType": "weather.wind", "schemaVersion": "1", "payload": {"big": 9007199254740991, "text": "a\"b é 😀", "list": [1.5, null, true], "long": "{{new string('x', 200)}}" } }""",
            $$"""{"lane": "ui", {{common}}, "messageType": "UiCheckpoint", "systemId": "house", "containerId": "roof", "uniqueId": "station", "viewId": "now", "manifestId": "m", "manifestVersion": "3", "data": {"wind": 4} }""",
            $$"""{"lane": "command", {{common}}, "messageType": "CommandResult", "commandId": "{{scope}}", "targetId": "station", "commandType": "heat", "timelineMode": "live", "payload": {} }""",
            $$"""{"lane": "metadata", {{common}}, "messageType": "Calibration", "streamId": "weather", "payload": {"offset": -0.4} }""",
        ]);
        return scope;
    }

    private async Task PostAsync(IEnumerable<string> events)
    {
        using var body = new StringContent(string.Join('\n', events.Select(e => e.ReplaceLineEndings(" "))), null, "application/x-ndjson");
        using var response = await Client.PostAsync(new Uri("/api/events", UriKind.Relative), body);
        var answer = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode || !answer.Contains("\"rejected\":0", StringComparison.Ordinal) && !answer.Contains("\"rejected\":[]", StringComparison.Ordinal)) throw new InvalidOperationException(answer);
    }
}
