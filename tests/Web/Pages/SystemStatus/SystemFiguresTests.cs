using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations.Figures;

namespace SensorDash.Web.Tests.Pages.SystemStatus;

/// <summary>The figures of the last hours, the storage and the warnings on the System page.</summary>
public sealed class SystemFiguresTests : PageTests
{
    [Fact]
    public async Task Figures_BeforeAMinute_SaySinceWhenAndThatTheyAreNotKnownYet()
    {
        var page = await ReadPageAsync("/system");

        Assert.Contains("since the start, <time", page, StringComparison.Ordinal);
        Assert.Contains("Known after a minute.", page, StringComparison.Ordinal);
        Assert.Contains("that needs a day of data", page, StringComparison.Ordinal);
        Assert.Contains("No warnings.", page, StringComparison.Ordinal);
        AssertNoInlineCode(page);
    }

    [Fact]
    public async Task Figures_AfterAMinute_HaveRatesPercentilesAndSizes()
    {
        await SampleAsync(); // The requests of the start are not those of the test.
        // The server records the duration of a request after its response, but before the next request on the same connection.
        using (var read = await RequestAsync("/api/nodes")) Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        using (var sent = await PostAsync("/api/sensor-data", $$"""[{"node_address": 1, "timestamp": {{Noon}}, "temperature_celsius": 1}, {"node_address": 1}]""")) Assert.True((int)sent.StatusCode < 500);
        using (var sent = await PostAsync("/api/sensor-data", $$"""{"node_address": 1, "timestamp": {{Noon}}, "temperature_celsius": 1}""")) sent.EnsureSuccessStatusCode();
        await SampleAsync();

        var rows = (await GetAsync("/system/figures.json")).GetProperty("rows");
        Assert.Equal(3, rows.GetArrayLength());
        var row = rows[0];
        Assert.Equal(0.017m, row.GetProperty("readings_stored_per_second").GetDecimal());
        Assert.Equal(0.017m, row.GetProperty("readings_duplicate_per_second").GetDecimal());
        Assert.Equal(0.017m, row.GetProperty("readings_rejected_per_second").GetDecimal());
        Assert.Equal(0, row.GetProperty("events_stored_per_second").GetDecimal());
        Assert.True(row.GetProperty("durable_p99_seconds").GetDecimal() >= row.GetProperty("durable_p50_seconds").GetDecimal());
        Assert.True(row.GetProperty("query_p50_seconds").GetDecimal() > 0);
        Assert.True(row.GetProperty("store_bytes").GetInt64() > 0);
        var page = await ReadPageAsync("/system?view=table");
        Assert.Contains("<td>0.017</td>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warnings_RowsOfAClockAhead_AreOnThePageInTheApiAndInMetrics()
    {
        using (var sent = await PostAsync("/api/sensor-data", $$"""{"node_address": 9, "timestamp": {{Noon + (3 * 86_400)}}, "temperature_celsius": 1}""")) Assert.False(sent.IsSuccessStatusCode);

        var page = await ReadPageAsync("/system");
        var warning = Assert.Single((await GetAsync("/api/system/warnings")).EnumerateArray());

        Assert.Contains("href=\"/system#rejected-title\">Rejected rows</a>", page.Split("aria-label=\"Warnings\"")[1], StringComparison.Ordinal);
        Assert.Contains("is 3 d ahead", page, StringComparison.Ordinal);
        Assert.Equal(("clock", "warning", "/system#rejected-title"), (warning.GetProperty("kind").GetString(), warning.GetProperty("severity").GetString(), warning.GetProperty("page").GetString()));
        Assert.Equal(1, await App.MetricAsync("sensordash_warnings{kind=\"clock\"}"));
        Assert.Equal(0, await App.MetricAsync("sensordash_warnings{kind=\"disk_writes\"}"));
    }

    [Fact]
    public async Task Storage_ProgramStopped_KeepsWhatItMeasured()
    {
        using var folder = new TemporaryFolder();
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", folder.File("a.db")), ("Analytics:Enabled", "false")))
        using (var client = app.CreateClient())
            Assert.Contains("that needs a day of data", await client.GetStringAsync("/system"), StringComparison.Ordinal);

        Assert.Contains("\"day\":\"2026-07-01\"", await File.ReadAllTextAsync(folder.File("a.db.figures")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_MeasuredForDays_HasTheForecastAChartAndATable()
    {
        using var folder = new TemporaryFolder();
        long At(int days) => Noon - (days * 86_400);
        await File.WriteAllTextAsync(folder.File("a.db.figures"), $$$"""
            [{"day":"2026-06-28","written":4194304,"first":{"at":{{{At(3)}}},"files":1073741824},"last":{"at":{{{At(3)}}},"files":1073741824}},
             {"day":"2026-06-30","written":2097152,"first":{"at":{{{At(1)}}},"files":3221225472},"last":{"at":{{{At(1)}}},"files":3221225472}}]
            """);
        await using var app = new SensorDashApp(("Database:Sqlite:Path", folder.File("a.db")), ("Analytics:Enabled", "false"));
        using var client = app.CreateClient();

        var page = await client.GetStringAsync("/system");

        Assert.Contains("At the rate of the last 2 days, the disk lasts ", page, StringComparison.Ordinal);
        Assert.Contains("Size of the stores, GiB; dashed: at this rate", page, StringComparison.Ordinal);
        Assert.Contains("<td>2.00 MiB</td>", page, StringComparison.Ordinal);
        Assert.Contains("At this rate 1 TB takes more than 100 years", page, StringComparison.Ordinal);
        Assert.True(await app.MetricAsync("sensordash_disk_forecast_seconds") > 0);
    }

    private Task SampleAsync() => SampleAsync(App);

    /// <summary>Lets a minute pass, with its sample.</summary>
    internal static async Task SampleAsync(SensorDashApp app)
    {
        var history = app.Services.GetRequiredService<FigureHistory>();
        var before = history.Read().Count;
        await app.Clock.TimerPendingAsync(due => due == FigureHistory.Interval).WaitAsync(WaitFor.Limit); // Only the sampler waits for exactly a minute.
        app.Clock.Advance(FigureHistory.Interval);
        await WaitFor.TrueAsync("a sample", () => history.Read().Count > before);
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class SystemFiguresTimescaleTests : PageTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;

    [Fact]
    public async Task Figures_OnAServer_HaveConnectionsAndTheSizeOfTheDatabase()
    {
        await StoreAsync(Some.Reading());
        await SystemFiguresTests.SampleAsync(App);

        var row = (await GetAsync("/system/figures.json")).GetProperty("rows")[0];
        var page = await ReadPageAsync("/system");

        Assert.True(row.GetProperty("connections_busy").GetInt32() + row.GetProperty("connections_idle").GetInt32() > 0);
        Assert.Equal(0, row.GetProperty("connections_waiting").GetInt32());
        Assert.True(row.GetProperty("store_bytes").GetInt64() > 0);
        Assert.Contains("Connections to PostgreSQL", page, StringComparison.Ordinal);
        Assert.Contains("The disk of its server is not known here.", page, StringComparison.Ordinal);
    }
}
