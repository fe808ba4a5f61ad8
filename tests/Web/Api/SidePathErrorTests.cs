using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>A DuckDB file that cannot be used: the store answers, page and status say why, everything else works, and a rebuild mends it.</summary>
public sealed class SidePathErrorTests : IDisposable
{
    private const int Header = 12_288; // Three of 4 KiB, before the first block.

    private const int Block = 262_144;
    private const int Count = 12_000;

    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(15); // The pause of the side path after a failure.

    private readonly TemporaryFolder _folder = new();

    private string SideFile => _folder.File("side.duckdb");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Errors() => ["no database", "cut behind its header", "of a newer DuckDB", "damaged everywhere"];

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Start_FileUnusable_StoreAnswersAndRebuildMendsIt(string fault)
    {
        var readings = Run(12, Count, interval: 2);
        await using (var before = Start())
        {
            await before.Store.AddAsync(readings);
            await before.WaitUntilCaughtUpAsync();
            await SidePathFile.SortedAsync(SideFile); // Or its length would depend on how far that had got.
        }
        await SpoilAsync(fault);
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(readings);

        var answered = await app.MetricAsync(SensorDashApp.QueriesByStore);
        using var posted = await client.PostAsync("/api/sensor-data", new StringContent($$"""{"node_address":13,"timestamp":{{Noon}},"humidity_percent":1}""", null, "application/json"));
        var statistics = await GetAsync(client, "/api/nodes/12/statistics");
        Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        Assert.Equal(Count, statistics.GetProperty("reading_count").GetInt32());
        Assert.Equal(22.495m, statistics.GetProperty("temperature").GetProperty("percentiles").GetProperty("p50").GetDecimal());
        Assert.Equal(answered + 1, await app.MetricAsync(SensorDashApp.QueriesByStore));
        await client.WaitForSidePathAsync("failed");
        var notice = (await GetAsync(client, "/api/system/analytics")).GetProperty("notice").GetString()!;
        Assert.Contains("Queries use the database", notice, StringComparison.Ordinal);
        if (fault == "of a newer DuckDB") Assert.Contains("of a newer DuckDB", notice, StringComparison.Ordinal);
        Assert.Contains("DuckDB is unavailable", await client.GetStringAsync("/analytics"), StringComparison.Ordinal);
        Assert.Contains(" behind; the oldest was stored ", await client.GetStringAsync("/analytics?handler=SidePath"), StringComparison.Ordinal);
        Assert.Equal("ok", (await GetAsync(client, "/api/health")).GetProperty("status").GetString());
        foreach (var path in (string[])["/", "/nodes/12", "/export", "/api/sensor-data/export?resolution=daily", "/api/quality"]) await client.GetStringAsync(path);

        using var accepted = await client.PostAsync("/api/system/analytics/rebuild", null);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await client.WaitForSidePathAsync("ready");
        await app.WaitUntilCaughtUpAsync();
        Assert.Equal(statistics.GetRawText(), (await GetAsync(client, "/api/nodes/12/statistics")).GetRawText());
        Assert.DoesNotContain("DuckDB is unavailable", await client.GetStringAsync("/analytics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_FindsDamage_StoreAnswersAndTheFileIsFilledAgainByItself()
    {
        await using (var before = Start())
        {
            await before.Store.AddAsync(Uneven());
            await before.WaitUntilCaughtUpAsync();
            await SidePathFile.SortedAsync(SideFile); // Which brings every block into memory: after it the next start has read none yet.
        }
        await using var app = Start();
        using var client = app.CreateClient();
        await client.WaitForSidePathAsync("ready");
        await CutUnderwayAsync(app);

        var statistics = await client.GetStringAsync("/api/nodes/12/statistics");
        Assert.Equal(1, await app.MetricAsync(SensorDashApp.QueriesByStore));

        await client.WaitForSidePathAsync("ready");
        await app.WaitUntilCaughtUpAsync();
        Assert.Equal(statistics, await client.GetStringAsync("/api/nodes/12/statistics"));
        Assert.Equal(1, await app.MetricAsync(SensorDashApp.QueriesByStore));
    }

    [Fact]
    public async Task Export_FindsDamage_IsWrittenFromTheStore()
    {
        string expected;
        await using (var before = Start())
        {
            using var client = before.CreateClient();
            await before.Store.AddAsync(Uneven());
            await before.WaitUntilCaughtUpAsync();
            await SidePathFile.SortedAsync(SideFile);
            expected = await client.GetStringAsync("/api/sensor-data/export?resolution=hourly");
        }
        await using (var app = Start())
        {
            using var client = app.CreateClient();
            await client.WaitForSidePathAsync("ready");
            await CutUnderwayAsync(app);

            Assert.Equal(expected, await client.GetStringAsync("/api/sensor-data/export?resolution=hourly"));
            Assert.Equal(1, await app.MetricAsync(SensorDashApp.QueriesByStore));
        }
    }

    [Fact]
    public async Task Start_FileHeldByAnotherProcess_StoreAnswersUntilItLetsGo()
    {
        await using var other = await SensorDashProcess.StartAsync(_folder.File("other.db"), ("Analytics__Path", SideFile));
        await other.Client.WaitForSidePathAsync("ready");
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(Run(12, 100));

        Assert.Equal(100, (await GetAsync(client, "/api/nodes/12/statistics")).GetProperty("reading_count").GetInt32());
        await client.WaitForSidePathAsync("failed");
        var notice = (await GetAsync(client, "/api/system/analytics")).GetProperty("notice").GetString()!;
        Assert.Contains("lock", notice, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("DuckDB is unavailable", await client.GetStringAsync("/analytics"), StringComparison.Ordinal);
        Assert.True(await app.MetricAsync(SensorDashApp.QueriesByStore) > 0);

        await other.KillAsync();
        await client.WaitForSidePathAsync("ready", () => app.Clock.Advance(_retry)); // Its pause, whenever it has begun.
        await app.WaitUntilCaughtUpAsync();
        Assert.Equal(100, (await GetAsync(client, "/api/nodes/12/statistics")).GetProperty("reading_count").GetInt32());
    }

    [Fact]
    public async Task Rebuild_FileHeldByAnotherProcess_IsDoneWhenThatLetsGo()
    {
        await using (var before = Start()) await before.WaitUntilCaughtUpAsync();
        SidePathFile.Execute(SideFile, "CREATE TABLE mark (i INTEGER)");
        await using var other = await SensorDashProcess.StartAsync(_folder.File("other.db"), ("Analytics__Path", SideFile));
        await other.Client.WaitForSidePathAsync("ready");
        await using var app = Start();
        using var client = app.CreateClient();
        await client.WaitForSidePathAsync("failed");

        await app.Clock.TimerPendingAsync(due => due == _retry);
        var again = app.Clock.NextTimerAsync(due => due == _retry);
        using var accepted = await client.PostAsync("/api/system/analytics/rebuild", null);
        await again; // It has been tried, and is waited with.
        await client.WaitForSidePathAsync("failed");
        await other.KillAsync();
        app.Clock.Advance(_retry);
        await client.WaitForSidePathAsync("ready");

        SidePathFile.Execute(SideFile, "CREATE TABLE mark (i INTEGER)"); // Fails when there still is one.
    }

    // The same database each time, so that the file of the first start is of this store.
    [Fact]
    public async Task Follow_StoreFailsForAReasonNobodyForesaw_ProgramGoesOnAndFollowsAgain()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(Run(12, 100));
        await app.WaitUntilCaughtUpAsync();
        await using var connection = await SqliteLock.OpenAsync(_folder.File("store.db"));
        await using var rename = connection.CreateCommand();
        rename.CommandText = "ALTER TABLE ingest_batches RENAME TO gone";
        await rename.ExecuteNonQueryAsync();

        using var asked = await client.PostAsync("/api/system/analytics/rebuild", null); // It begins anew, and finds no batches.
        await WaitFor.TrueAsync("a side path that failed", async () => (await GetAsync(client, "/health/ready")).GetProperty("analytics").GetString() == "failed");
        await app.Clock.TimerPendingAsync(due => due == _retry); // From here on nothing happens before it has passed.
        rename.CommandText = "ALTER TABLE gone RENAME TO ingest_batches";
        await rename.ExecuteNonQueryAsync();
        var notice = (await GetAsync(client, "/api/system/analytics")).GetProperty("notice").GetString()!;
        Assert.DoesNotContain("ingest_batches", notice, StringComparison.Ordinal);
        app.Clock.Advance(_retry);
        await client.WaitForSidePathAsync("ready");
    }

    private SensorDashApp Start() => new(("Analytics:Path", SideFile), ("Database:Sqlite:Path", _folder.File("store.db")));

    private async Task SpoilAsync(string fault)
    {
        var bytes = await File.ReadAllBytesAsync(SideFile);
        Assert.True(bytes.Length > Header + (2 * Block), $"{bytes.Length}");
        switch (fault)
        {
            case "no database":
                new Random(1).NextBytes(bytes);
                break;
            case "cut behind its header":
                bytes = bytes[..Header];
                break;
            case "of a newer DuckDB":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), 1000);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, Checksum(bytes.AsSpan(8, 4096 - 8)));
                break;
            case "damaged everywhere":
                for (var at = Header + 1000; at < bytes.Length; at += 4096) bytes[at] ^= 0x55;
                break;
        }
        await File.WriteAllBytesAsync(SideFile, bytes);
    }

    // Too much, and too various, to lie in the blocks that are read at opening.
    private static Reading[] Uneven()
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, 120_000).Select(i => Reading(12, Noon - (i / 4 * 3), (short)random.Next(-3000, 3000), (short)random.Next(10_001), (uint)random.Next())
            with { NodeAddress = 12 + (i % 4) })];
    }

    // While it is open, and before a query has looked further than the list of months, which the hub itself reads at its start and is had by then.
    private async Task CutUnderwayAsync(SensorDashApp app)
    {
        await app.WaitUntilCaughtUpAsync();
        await using var file = new FileStream(SideFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(Header);
    }

    // DuckDB's: each 64-bit word times a constant, all of them xored.
    private static ulong Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 5381UL;
        for (; !bytes.IsEmpty; bytes = bytes[8..]) sum ^= unchecked(BinaryPrimitives.ReadUInt64LittleEndian(bytes) * 0xbf58476d1ce4e5b9);
        return sum;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) => JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync(path));
}
