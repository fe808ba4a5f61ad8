using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using SensorDash.Data.Readings;
using SensorDash.DuckDb;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>A DuckDB file that cannot be used: the store answers, page and status say why, everything else works, and a rebuild mends it.</summary>
public sealed class SidePathFaultTests : IDisposable
{
    private const int Header = 12_288; // Three of 4 KiB, before the first block.

    private const int Block = 262_144;
    private const int Count = 12_000;

    private readonly TemporaryFolder _folder = new();

    private string SideFile => _folder.File("side.duckdb");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Faults() => ["no database", "cut behind its header", "of a newer DuckDB", "damaged everywhere"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Start_FileUnusable_StoreAnswersAndRebuildMendsIt(string fault)
    {
        var readings = Run(12, Count, interval: 2);
        await using (var before = Start())
        {
            await before.Store.AddAsync(readings);
            await before.CaughtUpAsync();
        }
        await SpoilAsync(fault);
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(readings);

        var answered = await app.MetricAsync(SensorDashApp.AnswersByStore);
        using var posted = await client.PostAsync("/api/sensor-data", new StringContent($$"""{"node_address":13,"timestamp":{{Noon}},"humidity_percent":1}""", null, "application/json"));
        var statistics = await GetAsync(client, "/api/nodes/12/statistics");
        Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        Assert.Equal(Count, statistics.GetProperty("reading_count").GetInt32());
        Assert.Equal(22.495m, statistics.GetProperty("temperature").GetProperty("percentiles").GetProperty("p50").GetDecimal());
        Assert.Equal(answered + 1, await app.MetricAsync(SensorDashApp.AnswersByStore));
        await StateAsync(client, "failed");
        var notice = (await GetAsync(client, "/api/system/analytics")).GetProperty("notice").GetString()!;
        Assert.Contains("Answers come from the store", notice, StringComparison.Ordinal);
        if (fault == "of a newer DuckDB") Assert.Contains("version number 999", notice, StringComparison.Ordinal);
        Assert.Contains("DuckDB cannot be used", await client.GetStringAsync("/analytics"), StringComparison.Ordinal);
        Assert.Contains("It lacks ", await client.GetStringAsync("/analytics?handler=SidePath"), StringComparison.Ordinal);
        Assert.Equal("ok", (await GetAsync(client, "/api/health")).GetProperty("status").GetString());
        foreach (var path in (string[])["/", "/nodes/12", "/export", "/api/sensor-data/export?resolution=daily", "/api/quality"]) await client.GetStringAsync(path);

        using var accepted = await client.PostAsync("/api/system/analytics/rebuild", null);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await StateAsync(client, "ready");
        await app.CaughtUpAsync();
        Assert.Equal(statistics.GetRawText(), (await GetAsync(client, "/api/nodes/12/statistics")).GetRawText());
        Assert.DoesNotContain("DuckDB cannot be used", await client.GetStringAsync("/analytics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_FindsDamage_StoreAnswersAndTheFileIsFilledAgainByItself()
    {
        await using (var before = Start())
        {
            await before.Store.AddAsync(Uneven());
            await before.CaughtUpAsync();
            await SortedAsync();
        }
        await using var app = Start();
        using var client = app.CreateClient();
        await StateAsync(client, "ready");
        CutUnderway();

        var statistics = await client.GetStringAsync("/api/nodes/12/statistics");
        Assert.Equal(1, await app.MetricAsync(SensorDashApp.AnswersByStore));

        await StateAsync(client, "ready");
        await app.CaughtUpAsync();
        Assert.Equal(statistics, await client.GetStringAsync("/api/nodes/12/statistics"));
        Assert.Equal(1, await app.MetricAsync(SensorDashApp.AnswersByStore));
    }

    [Fact]
    public async Task Export_FindsDamage_IsWrittenFromTheStore()
    {
        string expected;
        await using (var before = Start())
        {
            using var client = before.CreateClient();
            await before.Store.AddAsync(Uneven());
            await before.CaughtUpAsync();
            await SortedAsync();
            expected = await client.GetStringAsync("/api/sensor-data/export?resolution=hourly");
        }
        await using (var app = Start())
        {
            using var client = app.CreateClient();
            await StateAsync(client, "ready");
            CutUnderway();

            Assert.Equal(expected, await client.GetStringAsync("/api/sensor-data/export?resolution=hourly"));
            Assert.Equal(1, await app.MetricAsync(SensorDashApp.AnswersByStore));
        }
    }

    [Fact]
    public async Task Start_FileHeldByAnotherProcess_StoreAnswersUntilItLetsGo()
    {
        await using var other = await SensorDashProcess.StartAsync(_folder.File("other.db"), ("Analytics__Path", SideFile));
        await StateAsync(other.Client, "ready");
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(Run(12, 100));

        Assert.Equal(100, (await GetAsync(client, "/api/nodes/12/statistics")).GetProperty("reading_count").GetInt32());
        await StateAsync(client, "failed");
        var notice = (await GetAsync(client, "/api/system/analytics")).GetProperty("notice").GetString()!;
        Assert.Contains("lock", notice, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("DuckDB cannot be used", await client.GetStringAsync("/analytics"), StringComparison.Ordinal);
        Assert.True(await app.MetricAsync(SensorDashApp.AnswersByStore) > 0);

        await other.KillAsync();
        await app.Clock.TimerPendingAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(15));
        await StateAsync(client, "ready");
        await app.CaughtUpAsync();
        Assert.Equal(100, (await GetAsync(client, "/api/nodes/12/statistics")).GetProperty("reading_count").GetInt32());
    }

    [Fact]
    public async Task Rebuild_FileHeldByAnotherProcess_IsDoneWhenThatLetsGo()
    {
        Execute("CREATE TABLE mark (i INTEGER)");
        await using var other = await SensorDashProcess.StartAsync(_folder.File("other.db"), ("Analytics__Path", SideFile));
        await StateAsync(other.Client, "ready");
        await using var app = Start();
        using var client = app.CreateClient();
        await StateAsync(client, "failed");

        await app.Clock.TimerPendingAsync();
        var again = app.Clock.NextTimerAsync();
        using var accepted = await client.PostAsync("/api/system/analytics/rebuild", null);
        await again; // It has been tried, and is waited with.
        await StateAsync(client, "failed");
        await other.KillAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(15));
        await StateAsync(client, "ready");

        Execute("CREATE TABLE mark (i INTEGER)"); // Fails when there still is one.
    }

    // The same database each time, so that the file of the first start is of this store.
    [Fact]
    public async Task Follow_StoreFailsForAReasonNobodyForesaw_ProgramGoesOnAndFollowsAgain()
    {
        await using var app = Start();
        using var client = app.CreateClient();
        await app.Store.AddAsync(Run(12, 100));
        await app.CaughtUpAsync();
        await using var connection = await SqliteLock.OpenAsync(_folder.File("store.db"));
        await using var rename = connection.CreateCommand();
        rename.CommandText = "ALTER TABLE ingest_batches RENAME TO gone";
        await rename.ExecuteNonQueryAsync();

        using var asked = await client.PostAsync("/api/system/analytics/rebuild", null); // It begins anew, and finds no batches.
        var patience = Task.Delay(TimeSpan.FromSeconds(20));
        while ((await GetAsync(client, "/health/ready")).GetProperty("analytics").GetString() != "failed")
        {
            Assert.False(patience.IsCompleted);
            await Task.Delay(10);
        }
        rename.CommandText = "ALTER TABLE gone RENAME TO ingest_batches";
        await rename.ExecuteNonQueryAsync();
        var notice = (await GetAsync(client, "/api/system/analytics")).GetProperty("notice").GetString()!;
        Assert.DoesNotContain("ingest_batches", notice, StringComparison.Ordinal);
        while ((await GetAsync(client, "/api/system/analytics")).GetProperty("state").GetString() != "ready")
        {
            Assert.False(patience.IsCompleted);
            app.Clock.Advance(TimeSpan.FromSeconds(15)); // Its pause, whenever it has begun.
            await Task.Delay(50);
        }
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
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), 999);
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

    // Sorting brings every block into memory: after it the next start has read none yet. The driver shares the database that the hub has open.
    private async Task SortedAsync()
    {
        while (true)
        {
            using (var database = DuckDbDatabase.Open(SideFile, new DuckDbOptions { MemoryLimitMiB = 256 }))
            {
                using var connection = database.Connect();
                using var result = connection.Query("SELECT sum(unsorted)::BIGINT FROM months", default);
                if (result.NextChunk(default)![0].Values<long>()[0] == 0) return;
            }
            await Task.Delay(10);
        }
    }

    // While it is open, and before a query has looked further than the tables' descriptions.
    private void CutUnderway()
    {
        using var file = new FileStream(SideFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(Header);
    }

    // DuckDB's: each 64-bit word times a constant, all of them xored.
    private static ulong Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 5381UL;
        for (; !bytes.IsEmpty; bytes = bytes[8..]) sum ^= unchecked(BinaryPrimitives.ReadUInt64LittleEndian(bytes) * 0xbf58476d1ce4e5b9);
        return sum;
    }

    // The driver shares the database that the hub has open.
    private void Execute(string sql)
    {
        using var database = DuckDbDatabase.Open(SideFile, new DuckDbOptions { MemoryLimitMiB = 256 });
        using var connection = database.Connect();
        connection.Execute(sql, default);
    }

    private static async Task StateAsync(HttpClient client, string state)
    {
        var patience = Task.Delay(TimeSpan.FromSeconds(20));
        while (await GetAsync(client, "/api/system/analytics") is var status && status.GetProperty("state").GetString() != state)
        {
            Assert.False(patience.IsCompleted, $"not {state}: {status}");
            await Task.Delay(10);
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) => JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync(path));
}
