using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;
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
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) Assert.True(heads.Add(line.Split(' ')[2]), line);
            else if (!line.StartsWith('#') && line.Length > 0)
            {
                var name = line.Split(' ', '{')[0];
                Assert.True(heads.Contains(name) || heads.Contains(Regex.Replace(name, "_(bucket|sum|count)$", "")), line);
                Assert.True(double.IsFinite(double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture)), line);
            }
        }
        Assert.Contains("sensordash_analytics_lag_rows", heads);
    }

    [SkippableFact]
    public async Task Metrics_PassTheCheckOfPrometheus()
    {
        Skip.If(Environment.GetEnvironmentVariable("CI") is null && !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "promtool"))), "Debian's promtool is not installed.");
        using var posted = await PostAsync("/api/sensor-data", $$"""{"node_address": 12, "timestamp": {{Noon}}, "temperature_celsius": 1}""");
        var metrics = await Client.GetStringAsync("/metrics");
        using var promtool = Process.Start(new ProcessStartInfo("promtool", "check metrics") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync().WaitAsync(WaitFor.Limit);

        Assert.Equal((0, ""), (promtool.ExitCode, await output + await errors));
        // Of more series than an instrument may have. The driver's are of all pools of this process, which other tests have hundreds of.
        Assert.DoesNotContain(metrics.Split('\n'), line => line.StartsWith("sensordash_", StringComparison.Ordinal) && line.Contains("otel_metric_overflow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_DocumentedInOperations_AreThoseThereAre()
    {
        // Only these depend on what the hub has: partitions, a second store, a transfer that runs, a day of data, a backup, a scrub that was done.
        string[] absentHere = ["sensordash_store_partitions", "sensordash_store_compression_ratio", "sensordash_store_connections_idle", "sensordash_transfer_following", "sensordash_transfer_lag_rows",
            "sensordash_transfer_lag_seconds", "sensordash_transfer_mismatches", "sensordash_transfer_shadow_mismatches", "sensordash_transfer_copied_rows", "sensordash_transfer_expected_rows",
            "sensordash_disk_forecast_seconds", "sensordash_backup_last_success_timestamp_seconds", "sensordash_scrub_age_seconds"];
        using var posted = await PostAsync("/api/sensor-data", $$"""{"node_address": 12, "timestamp": {{Noon}}, "temperature_celsius": 1}""");
        var served = await NamesAsync();
        var page = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "operations.md"));
        var documented = page.Where(line => line.StartsWith("| `sensordash_", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);

        Assert.Equal(served.Concat(absentHere).Distinct().Order(), documented.Order());
    }

    [Fact]
    public async Task Dashboard_ForGrafana_AsksForMetricsThatAreDocumented()
    {
        var dashboard = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "grafana.json"));
        using var json = JsonDocument.Parse(dashboard);
        var named = Regex.Matches(dashboard, "sensordash_[a-z_]+").Select(m => Regex.Replace(m.Value, "_(bucket|sum|count)$", "")).Distinct();
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "operations.md"));

        Assert.NotEmpty(json.RootElement.GetProperty("panels").EnumerateArray());
        Assert.All(named, name => Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal));
    }

    private async Task<string[]> NamesAsync() => [.. (await Client.GetStringAsync("/metrics")).Split('\n')
        .Where(line => line.StartsWith("# TYPE sensordash_", StringComparison.Ordinal)).Select(line => line.Split(' ')[2])];

    [Fact]
    public async Task Ingest_RowsStored_AreCounted()
    {
        var body = $$"""{"node_address": 12, "timestamp": {{Noon}}, "temperature_celsius": 1}""";
        using var posted = await PostAsync("/api/sensor-data", $"[{body},{body},{{}}]");
        using var events = await PostAsync("/api/events", """{"lane":"parsed","scopeId":"core","sourceTruthTime":"2026-07-01T10:00:00Z","streamId":"s","streamType":"t","schemaVersion":"1","payload":{}}""");

        Assert.Equal(1, await App.MetricAsync("sensordash_ingest_rows_total{kind=\"readings\",result=\"inserted\"}"));
        Assert.Equal(1, await App.MetricAsync("sensordash_ingest_rows_total{kind=\"readings\",result=\"duplicate\"}"));
        Assert.Equal(1, await App.MetricAsync("sensordash_ingest_rows_total{kind=\"readings\",result=\"rejected\"}"));
        Assert.Equal(1, await App.MetricAsync("sensordash_ingest_rows_total{kind=\"parsed\",result=\"inserted\"}"));
        Assert.Equal(1, await App.MetricAsync("sensordash_ingest_commit_duration_seconds_count{kind=\"readings\"}"));
        Assert.Equal(0, await App.MetricAsync("sensordash_ingest_failing{kind=\"readings\"}"));
        Assert.True(await App.MetricAsync("sensordash_store_size_bytes{engine=\"SQLite\"}") > 0);
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

        Assert.Contains("sensordash_ingest_failing{kind=\"readings\"} 0", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }
}
