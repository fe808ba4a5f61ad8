using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Requests;

/// <summary>DuckDB has as many queries as it may run: here one, which does not end.</summary>
public sealed class AnalyticsLimitTests : IDisposable
{
    private const string Running = "sensordash_analytics_running_queries";
    private const string Waiting = "sensordash_analytics_waiting_queries";
    private const string Series = "/api/fleet/series?from=0&to=1893456000";

    private static readonly string[] _routes =
    [
        Series, "/api/fleet/hours", "/api/nodes/12/percentiles", "/api/nodes/12/statistics", "/api/nodes/12/statistics/hourly", "/api/nodes/12/statistics/daily",
        "/api/quality", "/api/sensor-data/export?resolution=hourly", "/api/sensor-data/export?resolution=daily&gzip=1", "/api/sensor-data/export/manifest?resolution=hourly",
    ];

    // With the store's file in DuckDB, the count that chooses the engine would not end here either.
    private static readonly string[] _longRoutes = ["/api/nodes/12/series?from=0&to=1893456000", "/api/nodes/series?nodes=12&from=0&to=1893456000", "/api/nodes/12/quality"];

    private static readonly string[] _pages = ["/analytics?whole=1", "/analytics?handler=hours", "/analytics?handler=csv&table=quality", "/nodes/12?range=30d"];

    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("some.duckdb");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Database")]
    [InlineData("DuckDb")]
    public async Task Query_DuckDbIsBusy_WaitsOrIs429AndNeverUsesTheStore(string backend)
    {
        await using var app = Start(backend, waiting: 2);
        using var client = app.CreateClient();
        await app.Store.AddAsync(Run(12, 10_001)); // Fewer are read from the store.
        await app.WaitUntilCaughtUpAsync();
        if (backend == "Database") await SidePathFile.SortedAsync(File); // A store sorts when its clock advances.
        var expected = await client.GetStringAsync(Series);
        var byStore = await app.MetricAsync(SensorDashApp.QueriesByStore);
        using var duckDb = new DuckDbClient(File);
        duckDb.Execute("""
            ALTER TABLE readings_202607 RENAME TO few;
            CREATE VIEW readings_202607 AS SELECT few.* FROM few, range(1000000000000) WHERE random() < 2
            """);
        using CancellationTokenSource endless = new(), impatient = new();

        var running = client.GetAsync(Series, endless.Token);
        await MetricIsAsync(app, Running, 1);
        var leaving = client.GetAsync(Series, impatient.Token);
        var first = client.GetStringAsync(Series);
        await MetricIsAsync(app, Waiting, 2);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
        foreach (var route in backend == "Database" ? [.. _routes, .. _longRoutes] : _routes)
        {
            using var response = await client.GetAsync(route);
            await ApiTests.AssertProblemAsync(response, 429, "too many analytics queries at once; retry");
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        }
        foreach (var page in backend == "Database" ? _pages : []) // Every page reads the latest readings, which here have no end in the other store.
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, page) { Headers = { { "Accept", "text/html" } } };
            using var response = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
            var text = await response.Content.ReadAsStringAsync();
            Assert.Contains("Too many queries at once", text, StringComparison.Ordinal);
            Assert.Contains(">Try again</a>", text, StringComparison.Ordinal);
        }

        await impatient.CancelAsync();
        await MetricIsAsync(app, Waiting, 1); // Its place is free at once, although the running query goes on.
        var second = client.GetStringAsync(Series);
        await MetricIsAsync(app, Waiting, 2);
        Assert.False(running.IsCompleted);
        duckDb.Execute("DROP VIEW readings_202607; ALTER TABLE few RENAME TO readings_202607");
        await endless.CancelAsync();

        Assert.Equal(expected, await first);
        Assert.Equal(expected, await second);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await MetricIsAsync(app, Running, 0);
        Assert.Equal(byStore, await app.MetricAsync(SensorDashApp.QueriesByStore));
    }

    [Fact]
    public async Task Export_ReadSlowly_KeepsItsPlaceButLetsOthersRun()
    {
        await using var app = Start("Database", waiting: 1);
        using var client = app.CreateClient();
        await app.Store.AddAsync([.. Run(12, 6000, interval: 3600)]);
        await app.WaitUntilCaughtUpAsync();
        var analytics = app.Services.GetRequiredService<IReadingAnalytics>();

        await using (var export = Export())
        {
            Assert.True(await export.MoveNextAsync());

            Assert.Equal(0, await app.MetricAsync(Running));
            Assert.Equal(6000, (await analytics.StatisticsAsync(12, default, [50], default)).Count);
            await using var second = Export();
            Assert.True(await second.MoveNextAsync());
            await Assert.ThrowsAsync<TooManyQueriesException>(() => analytics.StatisticsAsync(12, default, [50], default));
            var rows = 1;
            while (await export.MoveNextAsync()) rows++;
            Assert.Equal(6000, rows);
        }
        Assert.Equal(0, await app.MetricAsync(Waiting));
        Assert.Equal(0, await app.MetricAsync(SensorDashApp.QueriesByStore));

        IAsyncEnumerator<NodeBucket> Export()
            => analytics.BucketsAsync(default, ReadingOrder.OldestFirst, DateTimeZone.Utc, CalendarUnit.Hour, default).GetAsyncEnumerator();
    }

    private SensorDashApp Start(string backend, int waiting) => new(("Readings:Backend", backend), ("Readings:DuckDb:Path", File), ("Analytics:Path", File),
        ("Analytics:MaxQueries", "1"), ("Analytics:MaxWaitingQueries", $"{waiting}"));

    private static Task MetricIsAsync(SensorDashApp app, string name, double value) => WaitFor.TrueAsync($"{name} = {value}", async () => await app.MetricAsync(name) == value);
}
