using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Move;

/// <summary>Imports of files, as a browser without JavaScript starts and watches them.</summary>
public sealed class MovePageTests : PageTests, IDisposable
{
    private const string Page = "/system/move";

    private readonly TemporaryFolder _folder;

    public MovePageTests()
        : this(new())
    {
    }

    private MovePageTests(TemporaryFolder folder)
        : base(("Transfer:ImportFolder", folder.Path)) => _folder = folder;

    public void Dispose() => _folder.Dispose();

    private string Target => Path.GetFileName(App.DatabasePath);

    [Fact]
    public async Task Import_FileOfTheFormerHub_IsPlannedCopiedVerifiedAndReported()
    {
        CreateHub(2);

        var plan = await ReadPageAsync($"{Page}?{Choice()}");
        Assert.Contains("2 readings", plan, StringComparison.Ordinal);
        Assert.Contains("Nothing is written yet", plan, StringComparison.Ordinal);
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM sqlite_master WHERE name = 'transfers'"));

        await StartAsync(Choice());
        var done = await WaitForPageAsync("verified, every row is equal");

        Assert.Equal(2, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Matches("<b class=\"live\">verified</b> <time[^>]*>0 s ago", done);
        AssertNoInlineCode(done);
        var report = JsonSerializer.Deserialize<JsonElement>(await Client.GetStringAsync($"{Page}?handler=Report&of={Target}&id=1"));
        Assert.True(report.GetProperty("isEqual").GetBoolean());
        Assert.StartsWith("transfer,kind,state,source,target", await Client.GetStringAsync($"{Page}/transfers.csv"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.GetAsync($"{Page}?handler=Report&of=..%2F..&id=1")).StatusCode);
    }

    [Fact]
    public async Task Verify_TargetEditedByHand_NamesTheRowAndAChangedFileIsStale()
    {
        var hub = CreateHub(3);
        await StartAsync(Choice());
        await WaitForPageAsync("verified, every row is equal");
        await ExecuteAsync("UPDATE sensor_readings SET humidity_centipercent = 1 WHERE timestamp = 1767225600");

        await StartAsync(Choice("verify=1"));
        var different = await WaitForPageAsync("the two sides differ");

        Assert.Contains("sensor_readings 1 at 1767225600", different, StringComparison.Ordinal);
        Assert.Contains("humidity_centipercent is 6521 in the source and 1 in the target", different, StringComparison.Ordinal);
        await ExecuteAsync("UPDATE sensor_readings SET humidity_centipercent = 6521");
        await StartAsync(Choice("verify=1"));
        await WaitForPageAsync("verified, every row is equal");
        File.SetLastWriteTimeUtc(hub, App.Clock.Now.UtcDateTime.AddMinutes(1));
        Assert.Contains("<b class=\"late\">stale</b>", await ReadPageAsync(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_Paused_HoldsIngestUntilItIsComplete()
    {
        CreateHub(5_000);
        await StartAsync(Choice("rate=1"));
        await WaitForPageAsync("readings copied"); // The first chunk; the limit then waits for the clock.

        using (var sent = await PostAsync("/api/sensor-data?ack=buffered", """{"node_address": 7, "timestamp": 1782907000, "temperature_celsius": 1}""")) Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        using (var second = await PostFormAsync(Page, "Pause")) second.EnsureSuccessStatusCode();
        var paused = await ReadPageAsync(Page);
        Assert.Contains("Paused. Rows that senders send wait", paused, StringComparison.Ordinal);
        var job = (await Client.GetFromJsonAsync<JsonElement>("/api/transfers")).GetProperty("job");
        Assert.Equal(("import", "paused", 5_000), (job.GetProperty("kind").GetString(), job.GetProperty("state").GetString(), job.GetProperty("total").GetInt32()));
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM sensor_readings WHERE node_address = 7"));

        using (var resumed = await PostFormAsync(Page, "Resume")) resumed.EnsureSuccessStatusCode();
        await WaitWithTimeAsync(async () => (await ReadPageAsync(Page)).Contains("verified, every row is equal", StringComparison.Ordinal));
        await WaitWithTimeAsync(async () => await ScalarAsync("SELECT count(*) FROM sensor_readings") == 5_001);
    }

    [Fact]
    public async Task Import_ServerStopped_GoesOnInTheNextOne()
    {
        CreateHub(5_000);
        (string, string)[] settings = [("Transfer:ImportFolder", _folder.Path), ("Database:Sqlite:Path", Path.Combine(_folder.Path, "own.db"))];
        await using (var first = new SensorDashApp(settings))
        {
            using var client = first.CreateClient();
            await StartAsync(client, "source=hub.db&target=own.db&rate=1");
            await WaitForPageAsync(client, "readings copied");
        }
        await using var app = new SensorDashApp(settings);
        using var next = app.CreateClient();
        Assert.Contains("<b class=\"late\">not finished</b>", await next.GetStringAsync(Page), StringComparison.Ordinal);
        Assert.Contains("goes on after the last chunk", await next.GetStringAsync($"{Page}?source=hub.db&target=own.db"), StringComparison.Ordinal);

        await StartAsync(next, "source=hub.db&target=own.db");

        await WaitForPageAsync(next, "verified, every row is equal");
        Assert.Equal(5_000, (await app.Store.AllAsync()).Count);
    }

    [Fact]
    public async Task Import_ServerKilled_GoesOnExactInTheNextOne()
    {
        CreateHub(5_000);
        var own = Path.Combine(_folder.Path, "own.db");
        await using (var first = await SensorDashProcess.StartAsync(own, ("Transfer__ImportFolder", _folder.Path)))
        {
            await StartAsync(first.Client, "source=hub.db&target=own.db&rate=1");
            await WaitForPageAsync(first.Client, "readings copied");
            await first.KillAsync();
        }

        await using var next = await SensorDashProcess.StartAsync(own, ("Transfer__ImportFolder", _folder.Path));
        await StartAsync(next.Client, "source=hub.db&target=own.db");
        await WaitForPageAsync(next.Client, "verified, every row is equal");

        Assert.Contains("\"total_readings\":5000", await next.Client.GetStringAsync("/api/nodes"), StringComparison.Ordinal);
        Assert.Empty(next.LoggedErrors);
    }

    [Fact]
    public async Task Import_CancelledAndGivenUp_LeavesItsRowsAndAdmitsAnotherOne()
    {
        CreateHub(5_000);
        await StartAsync(Choice("rate=1"));
        await WaitForPageAsync("readings copied");
        using (var cancelled = await PostFormAsync(Page, "Cancel")) cancelled.EnsureSuccessStatusCode();
        Assert.Contains("Choose the same file again to go on", await ReadPageAsync(Page), StringComparison.Ordinal);
        var copied = await ScalarAsync("SELECT count(*) FROM sensor_readings");

        var token = new Dictionary<string, string> { ["__RequestVerificationToken"] = await ReadTokenAsync(Page) };
        using (var other = await Client.PostAsync($"{Page}?handler=GiveUp&of={Target}&id=2", new FormUrlEncodedContent(token))) Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        using (var givenUp = await Client.PostAsync($"{Page}?handler=GiveUp&of={Target}&id=1", new FormUrlEncodedContent(token))) givenUp.EnsureSuccessStatusCode();

        Assert.Contains("given up", await ReadPageAsync(Page), StringComparison.Ordinal);
        Assert.Equal(copied, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
        await StartAsync(Choice(FormattableString.Invariant($"rows_from={1_767_225_600 + (30 * copied)}")));
        await WaitForPageAsync("verified, every row is equal");
        Assert.Equal(5_000, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Fact]
    public async Task Import_IntoReadingsOfThatTime_IsRefusedWithTheTimeAndRunsBeforeIt()
    {
        CreateHub(10);
        await StoreAsync(Some.Reading(9, 1_767_225_600 + 150));

        Assert.Contains("has readings in this range, the first of 2026-01-01T00:02:30", await ReadPageAsync($"{Page}?{Choice()}"), StringComparison.Ordinal);
        await StartAsync(Choice("rows_before=2026-01-01T00:02:30Z"));

        var done = await WaitForPageAsync("verified, every row is equal");
        Assert.Contains("5 rows of the source are outside of the range", done, StringComparison.Ordinal);
        Assert.Equal(6, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Fact]
    public async Task Import_IntoReadingsInDuckDb_IsKnownToTheWriterAfterIt()
    {
        CreateHub(10);
        await using var app = new SensorDashApp(("Transfer:ImportFolder", _folder.Path), ("Readings:Backend", "DuckDb"), ("Readings:DuckDb:Path", Path.Combine(_folder.Path, "readings.duckdb")));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Some.Reading(2, 1_700_000_000)); // The writer has learnt what is stored.

        await StartAsync(client, "source=hub.db&target=readings.duckdb&rows_from=2026-01-01");
        await WaitForPageAsync(client, "verified, every row is equal");

        Assert.Equal(0, await app.Store.AddAsync(Some.Reading(1, 1_767_225_600 + 270))); // Stored by the import.
        Assert.Equal(1, await app.Store.AddAsync(Some.Reading(1, 1_767_225_600 + 300)));
        Assert.Equal(12, (await app.Store.AllAsync()).Count);
    }

    [Fact]
    public async Task Import_EventsOfAnotherSensorDash_ComeFirstAndOthersFollow()
    {
        await SaveEventAsync("first.db", "door");
        await SaveEventAsync("second.db", "window");
        App.Clock.Advance(TimeSpan.FromMinutes(1)); // An import ends at its start.
        await StartAsync($"source=first.db&target={Target}");
        await WaitForPageAsync("verified, every row is equal");

        using var sent = await PostAsync("/api/events", EventOf("gate"));

        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        Assert.Equal(2, await ScalarAsync("SELECT count(*) FROM parsed_events"));
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM parsed_events WHERE canonical_truth_time > (SELECT min(canonical_truth_time) FROM parsed_events)"));
        Assert.Contains("has events already", await ReadPageAsync($"{Page}?source=second.db&target={Target}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_ThatCannotBeImported_AreListedWithTheReasonAndNothingElseIsReached()
    {
        var outside = Path.Combine(Path.GetDirectoryName(App.DatabasePath)!, "outside.db");
        CreateHub(1);
        File.Move(_folder.File("hub.db"), outside);
        File.CreateSymbolicLink(_folder.File("link.db"), outside);
        await File.WriteAllTextAsync(_folder.File("notes.txt"), "not a database");
        await File.WriteAllTextAsync(_folder.File("empty.db"), "");

        var page = await ReadPageAsync(Page);

        Assert.Contains("is a link", page, StringComparison.Ordinal);
        Assert.Contains("is not a file of SQLite or DuckDB", page, StringComparison.Ordinal);
        Assert.Contains("is empty", page, StringComparison.Ordinal);
        var token = new Dictionary<string, string> { ["__RequestVerificationToken"] = await ReadTokenAsync("/zones") };
        foreach (var name in (string[])["link.db", "../outside.db", outside, "notes.txt", "\0"])
        {
            using var start = await Client.PostAsync($"{Page}?source={Uri.EscapeDataString(name)}&target={Target}&handler=Start", new FormUrlEncodedContent(token));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, start.StatusCode);
        }
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Theory]
    [InlineData("rows_from=later", "“Rows from” must be a time")]
    [InlineData("rows_from=now", "must be before")]
    [InlineData("rate=0", "“Rows/s at most” must be 1 to")]
    [InlineData("verify=1", "has no transfer from hub.db")]
    public async Task Plan_InvalidField_SaysWhatIsAllowed(string field, string text)
    {
        CreateHub(1);

        Assert.Contains(text, WebUtility.HtmlDecode(await ReadPageAsync($"{Page}?{Choice(field)}")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithoutAToken_IsRejected()
    {
        CreateHub(1);

        using var response = await Client.PostAsync($"{Page}?handler=Start&{Choice()}", null);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    // A file of another SensorDash, which has stopped.
    private async Task SaveEventAsync(string file, string stream)
    {
        await using var other = new SensorDashApp(("Database:Sqlite:Path", _folder.File(file)), ("Analytics:Enabled", "false"));
        using var client = other.CreateClient();
        using var content = new StringContent(EventOf(stream), null, "application/json");
        using var sent = await client.PostAsync("/api/events", content);
        sent.EnsureSuccessStatusCode();
    }

    private static string EventOf(string stream) => $$$"""
        {"lane": "parsed", "scopeId": "home", "sourceTruthTime": "2026-06-30T12:00:00Z", "streamId": "{{{stream}}}", "streamType": "contact", "schemaVersion": "1", "payload": {"open": true}}
        """;

    private string Choice(string? more = null) => $"source=hub.db&target={Target}{(more is null ? "" : "&" + more)}";

    private Task StartAsync(string choice) => StartAsync(Client, choice);

    private static async Task StartAsync(HttpClient client, string choice)
    {
        var page = await client.GetStringAsync($"{Page}?{choice}");
        Assert.Contains("handler=Start", page, StringComparison.Ordinal);
        var form = new Dictionary<string, string> { ["__RequestVerificationToken"] = page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0] };
        using var response = await client.PostAsync($"{Page}?{choice}&handler=Start", new FormUrlEncodedContent(form));
        response.EnsureSuccessStatusCode();
    }

    private Task<string> WaitForPageAsync(string text) => WaitForPageAsync(Client, text);

    private static async Task<string> WaitForPageAsync(HttpClient client, string text)
    {
        var page = "";
        try
        {
            await WaitFor.TrueAsync(text, async () => (page = await client.GetStringAsync(Page)).Contains(text, StringComparison.Ordinal));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(page.Split("<main")[1], e);
        }
        return page;
    }

    private Task WaitWithTimeAsync(Func<Task<bool>> isSo) => WaitFor.TrueAsync("it is complete", async () =>
    {
        App.Clock.Advance(TimeSpan.FromSeconds(2_000));
        return await isSo();
    });

    private string CreateHub(int rows)
    {
        FormerHubFile.Create(_folder.File("hub.db"), rows);
        return _folder.File("hub.db");
    }
}
