using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>What a monitoring program reads at /metrics.</summary>
public sealed class MetricsApiTests : ApiTests
{
    protected override bool HasSidePath => true;

    [Fact]
    public async Task Metrics_EveryLine_IsAHeadOrAFiniteValueOfAMetricWithAHead()
    {
        using var response = await Client.GetAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var heads = new HashSet<string>();
        foreach (var line in (await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal)) Assert.True(heads.Add(line.Split(' ')[2]), line);
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) Assert.Contains(line.Split(' ')[3], (string[])["gauge", "counter"]);
            else
            {
                Assert.Contains(line.Split(' ', '{')[0], heads);
                Assert.True(double.IsFinite(double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture)), line);
            }
        }
        Assert.Contains("sensordash_analytics_lag_rows", heads);
    }

    [Fact]
    public async Task Metrics_DocumentedInOperations_AreThoseThereAre()
    {
        var there = new List<string>();
        using (var listener = new MeterListener())
        {
            // Also those that have no value without a second store.
            var meter = App.Services.GetRequiredService<HubMetrics>().Meter;
            listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter == meter) there.Add(instrument.Name.Replace('.', '_') + (instrument is ObservableCounter<double> ? "_total" : ""));
            };
            listener.Start();
        }
        var served = (await Client.GetStringAsync("/metrics")).Split('\n')
            .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]);
        Assert.Subset(there.ToHashSet(), served.ToHashSet());
        var page = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "operations.md"));

        Assert.Equal(there.Order(), page.Where(line => line.StartsWith("| `sensordash_", StringComparison.Ordinal)).Select(line => line.Split('`')[1]).Order());
    }

    [Fact]
    public async Task Ingest_RowsStored_AreCounted()
    {
        using var posted = await PostAsync("/api/sensor-data", $$"""{"node_address": 12, "timestamp": {{Noon}}, "temperature_celsius": 1}""");

        Assert.Equal(1, await App.MetricAsync("sensordash_ingest_rows_total"));
        Assert.Equal(0, await App.MetricAsync("sensordash_ingest_failing"));
    }

    [Fact]
    public async Task Lag_SidePathCaughtUp_IsNothingAndDuckDbAnswers()
    {
        await StoreAsync(Run(12, 5));
        await App.WaitUntilCaughtUpAsync();
        var answered = await App.MetricAsync(SensorDashApp.QueriesByDuckDb);
        await GetAsync("/api/nodes/12/percentiles");

        Assert.Equal(0, await App.MetricAsync("sensordash_analytics_lag_rows"));
        Assert.Equal(0, await App.MetricAsync("sensordash_analytics_lag_seconds"));
        Assert.Equal(1, await App.MetricAsync("sensordash_analytics_ready"));
        Assert.Equal(answered + 1, await App.MetricAsync(SensorDashApp.QueriesByDuckDb));
        Assert.Equal(0, await App.MetricAsync(SensorDashApp.QueriesByStore));
    }
}

/// <summary>A side path that cannot follow.</summary>
public sealed class MetricsOfABrokenSidePathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lag_FileUnusable_IsEveryRowAndGrowsOlder()
    {
        await File.WriteAllTextAsync(_folder.File("side.duckdb"), "no database, but long enough to be looked at as one: " + new string('x', 20_000));
        await using var app = new SensorDashApp(("Analytics:Path", _folder.File("side.duckdb")));
        using var client = app.CreateClient();
        await client.WaitForSidePathAsync("failed"); // Else it may be about to note how far behind it was before.
        await app.Store.AddAsync(Run(12, 5));
        app.Clock.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(5, await app.MetricAsync("sensordash_analytics_lag_rows"));
        Assert.Equal(7, await app.MetricAsync("sensordash_analytics_lag_seconds"));
        Assert.Equal(0, await app.MetricAsync("sensordash_analytics_ready"));
    }

    [Fact]
    public async Task Lag_SwitchedOff_IsAbsent()
    {
        await using var app = new SensorDashApp(("Analytics:Enabled", "false"));
        using var client = app.CreateClient();

        Assert.DoesNotContain("lag_rows", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_StoreLocked_StillAnswer()
    {
        await using var app = new SensorDashApp();
        using var client = app.CreateClient();
        await using var held = await app.LockAsync();

        Assert.Contains("sensordash_ingest_failing 0", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }
}
