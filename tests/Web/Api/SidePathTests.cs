using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>Whatever is wrong with the DuckDB file: the answers stay the same, and a notice says why they are slower.</summary>
public sealed class SidePathTests : IDisposable
{
    private const string Statistics = "/api/nodes/12/percentiles?p=50";

    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("side.duckdb");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Health_FileUsable_SaysReadyAndDuckDbHoldsTheReadings()
    {
        await using var app = Start();
        await app.Store.AddAsync(Reading(12, temperature: 150));

        Assert.Equal(1.5m, await MedianAsync(app));
        Assert.Equal("ready", (await GetAsync(app, "/api/health")).GetProperty("analytics").GetString());
        Assert.Equal(0, (await GetAsync(app, "/api/system/analytics")).GetProperty("lag_rows").GetInt64());
    }

    [Fact]
    public async Task Start_FileOfAnotherStore_IsFilledAnew()
    {
        await using (var other = Start())
        {
            await other.Store.AddAsync(Reading(12, temperature: 9900), Reading(13));
            Assert.Equal(99m, await MedianAsync(other));
        }
        await using (var app = Start())
        {
            app.Clock.Advance(TimeSpan.FromSeconds(1)); // Its first batch has another commit time than the other store's.
            await app.Store.AddAsync(Reading(12, temperature: 150));

            Assert.Equal(1.5m, await MedianAsync(app));
        }
        Assert.Equal(1, CountRows());
    }

    [Fact]
    public async Task Start_DatabaseRestored_IsFilledAnew()
    {
        var (database, kept) = (_folder.File("store.db"), _folder.File("kept.db"));
        await using (var first = Start(database))
        {
            await first.Store.AddAsync(Reading(12, temperature: 150));
            await first.WaitUntilCaughtUpAsync();
        }
        System.IO.File.Copy(database, kept);
        await using (var lost = Start(database))
        {
            lost.Clock.Advance(TimeSpan.FromSeconds(1));
            await lost.Store.AddAsync(Run(12, 9, Noon + 1000));
            await lost.WaitUntilCaughtUpAsync();
        }
        System.IO.File.Copy(kept, database, overwrite: true);
        await using (var restored = Start(database))
        {
            restored.Clock.Advance(TimeSpan.FromSeconds(2)); // Its next batch has the id of the lost one.
            await restored.Store.AddAsync(Reading(12, Noon + 1, temperature: 250));
            await restored.WaitUntilCaughtUpAsync();
            Assert.Equal(2m, await MedianAsync(restored));
        }
        Assert.Equal(2, CountRows());
    }

    [Fact]
    public async Task Start_SwitchedOff_AnswersFromTheStoreAndMakesNoFile()
    {
        await using var app = new SensorDashApp(("Analytics:Path", File), ("Analytics:Enabled", "false"));
        await app.Store.AddAsync(Reading(12, temperature: 150));

        Assert.Equal(1.5m, await MedianAsync(app));
        Assert.Equal("off", (await GetAsync(app, "/api/health")).GetProperty("analytics").GetString());
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Delete_Node_ReachesDuckDb()
    {
        await using (var app = Start())
        {
            await app.Store.AddAsync(Reading(12), Reading(13));
            await MedianAsync(app);
            await app.Nodes.DeleteAsync(12, default);
            Assert.Equal(25.34m, await MedianAsync(app, node: 13));
        }
        Assert.Equal(1, CountRows());
    }

    [Fact]
    public async Task Question_AskerGoesAway_EndsInDuckDb()
    {
        await using var app = Start();
        await app.Store.AddAsync(Reading(12));
        await app.WaitUntilCaughtUpAsync(); // Not by a question for percentiles: its end may be noted long after its answer, and would be taken for the end below.
        await SidePathFile.SortedAsync(File);
        using var duckDb = new DuckDbClient(File);
        duckDb.Execute("""
            CREATE SEQUENCE looked_at;
            ALTER TABLE readings_202607 RENAME TO few;
            CREATE VIEW readings_202607 AS SELECT few.* FROM few, range(1000000000000) WHERE nextval('looked_at') > 0
            """);
        var (ended, before) = (Ended(app, out var listener), await MetricsAsync(app));
        using var listening = listener;
        using var leave = new CancellationTokenSource();
        using var client = app.CreateClient();

        var asking = client.GetStringAsync(new Uri("/api/nodes/12/percentiles?p=50", UriKind.Relative), leave.Token);
        await WaitFor.TrueAsync("DuckDB at work", () => HasBegun(duckDb));
        Assert.False(ended.IsCompleted);
        await leave.CancelAsync();

        await ended.WaitAsync(WaitFor.Limit);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(before, await MetricsAsync(app)); // The store has not been asked instead.
    }

    // Ends with the next request for percentiles: the hub has let go of it, and DuckDB has, whose work blocks it.
    private static Task Ended(SensorDashApp app, out MeterListener listener)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var meters = app.Services.GetRequiredService<IMeterFactory>();
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "http.server.request.duration" && instrument.Meter.Scope == meters) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            foreach (var (key, value) in tags)
                if (key == "http.route" && value is string route && route.EndsWith("/percentiles", StringComparison.Ordinal)) ended.TrySetResult();
        });
        listener.Start();
        return ended.Task;
    }

    private static async Task<(double, double)> MetricsAsync(SensorDashApp app)
        => (await app.MetricAsync(SensorDashApp.QueriesByDuckDb), await app.MetricAsync(SensorDashApp.QueriesByStore));

    private static bool HasBegun(DuckDbClient duckDb)
        => duckDb.Scalar<bool>("SELECT last_value IS NOT NULL FROM duckdb_sequences() WHERE sequence_name = 'looked_at'");

    private SensorDashApp Start() => new(("Analytics:Path", File));

    private SensorDashApp Start(string database) => new(("Analytics:Path", File), ("Database:Sqlite:Path", database));

    private long CountRows() => SidePathFile.Number(File, "SELECT sum(row_count)::BIGINT FROM months");

    private static async Task<decimal> MedianAsync(SensorDashApp app, int node = 12)
        => (await GetAsync(app, Statistics.Replace("12", $"{node}", StringComparison.Ordinal))).GetProperty("temperature").GetProperty("p50").GetDecimal();

    private static async Task<JsonElement> GetAsync(SensorDashApp app, string path)
    {
        using var client = app.CreateClient();
        return JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync(path));
    }
}
