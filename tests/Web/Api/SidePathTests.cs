using System.Text.Json;
using SensorDash.DuckDb;
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
            await app.Store.DeleteNodeAsync(12, default);
            Assert.Equal(25.34m, await MedianAsync(app, node: 13));
        }
        Assert.Equal(1, CountRows());
    }

    private SensorDashApp Start() => new(("Analytics:Path", File));

    private long CountRows()
    {
        using var database = DuckDbDatabase.Open(File);
        using var connection = database.Connect();
        using var result = connection.Query("SELECT sum(row_count)::BIGINT FROM months", default);
        return result.NextChunk(default)![0].Values<long>()[0];
    }

    private static async Task<decimal> MedianAsync(SensorDashApp app, int node = 12)
        => (await GetAsync(app, Statistics.Replace("12", $"{node}", StringComparison.Ordinal))).GetProperty("temperature").GetProperty("p50").GetDecimal();

    private static async Task<JsonElement> GetAsync(SensorDashApp app, string path)
    {
        using var client = app.CreateClient();
        return JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync(path));
    }
}
