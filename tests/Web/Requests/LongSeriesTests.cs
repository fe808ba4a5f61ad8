using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Requests;

/// <summary>DuckDB reads the charts and the quality of many readings, the store those of few; the result is the same and current.</summary>
public sealed class LongSeriesTests : IDisposable
{
    // Of one node: as many as the store reads itself.
    private const int Rows = 10_000;

    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("side.duckdb");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Series_DirectlyAfterAPost_HasItsReading()
    {
        await using var app = await StartAsync(enabled: true);
        using var client = app.CreateClient();
        var before = await QueriesAsync(app);

        await app.Store.AddAsync(Reading(time: Noon + 30, temperature: 9_000));

        using var series = JsonDocument.Parse(await client.GetStringAsync($"/api/nodes/12/series?from={Noon - (40 * Rows)}&to={Noon + 30}"));
        Assert.Equal(Rows + 1, series.RootElement.GetProperty("reading_count").GetInt32());
        Assert.Equal(90m, series.RootElement.GetProperty("temperature").GetProperty("last").GetDecimal());
        Assert.Equal((before.DuckDb + 1, before.Store), await QueriesAsync(app));
    }

    [Fact]
    public async Task SeriesAndQuality_FewReadings_AreReadFromTheStore()
    {
        await using var app = await StartAsync(enabled: true);
        var before = await QueriesAsync(app);

        await AssertSameAsync(app, from: Noon - (40 * Rows));
        await AssertSameAsync(app, from: Noon - 3600);

        Assert.Equal(before, await QueriesAsync(app));
    }

    [Theory]
    [InlineData("on", 2, 0)]
    [InlineData("off", 0, 2)]
    [InlineData("damaged", 0, 2)]
    public async Task SeriesAndQuality_ManyReadings_AreTheSameOfAnyEngine(string sidePath, int byDuckDb, int byStore)
    {
        await using var app = await StartAsync(enabled: sidePath != "off");
        if (sidePath == "damaged") await SidePathFile.SortedAsync(File); // So that the hub does not sort while the test changes the file.
        await app.Store.AddAsync(Reading(time: Noon - 10, temperature: 9_000));
        if (sidePath != "off") await app.WaitUntilCaughtUpAsync();
        if (sidePath == "damaged")
        {
            using var duckDb = new DuckDbClient(File);
            duckDb.Execute("ALTER TABLE readings_202607 RENAME TO lost"); // Not the list of months, which the hub reads when it is idle: it would make the file anew.
        }

        var before = await QueriesAsync(app);

        await AssertSameAsync(app, from: Noon - (40 * Rows));

        Assert.Equal((before.DuckDb + byDuckDb, before.Store + byStore), await QueriesAsync(app));
    }

    private async Task<SensorDashApp> StartAsync(bool enabled)
    {
        var app = new SensorDashApp(("Analytics:Enabled", enabled ? "true" : "false"), ("Analytics:Path", File));
        await app.Store.AddAsync(Run(12, Rows));
        if (enabled) await app.WaitUntilCaughtUpAsync();
        return app;
    }

    private static async Task AssertSameAsync(SensorDashApp app, long from)
    {
        var node = (await app.Services.GetRequiredService<INodeStore>().FindAsync(12, default))!;
        var query = new SeriesQuery(node, from, Noon, 600, null, Noon);
        var (analytics, store) = (app.Services.GetRequiredService<IReadingAnalytics>(), app.Services.GetRequiredService<StoreAnalytics>());
        Assert.Equal(JsonSerializer.Serialize(await store.SeriesAsync(query, default)), JsonSerializer.Serialize(await analytics.SeriesAsync(query, default)));
        Assert.Equal(JsonSerializer.Serialize(await store.QualityAsync(12, new(from, Noon), default)), JsonSerializer.Serialize(await analytics.QualityAsync(12, new(from, Noon), default)));
    }

    private static async Task<(double DuckDb, double Store)> QueriesAsync(SensorDashApp app)
        => (await app.MetricAsync(SensorDashApp.QueriesByDuckDb), await app.MetricAsync(SensorDashApp.QueriesByStore));
}
