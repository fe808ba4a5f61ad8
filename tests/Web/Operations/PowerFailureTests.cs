using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>DuckDB files as a power failure leaves them: bytes that were not synced are zeros or absent.</summary>
public sealed class PowerFailureTests : IDisposable
{
    private const int Sent = 6;

    private readonly TemporaryFolder _folder = new();

    private string Readings => _folder.File("r.duckdb");

    private string Side => _folder.File("a.duckdb");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, int> TornEnds() => new()
    {
        { "zeros behind", Sent },
        { "zeros at the end", Sent - 1 },
        { "zeros over two transactions", Sent - 2 },
        { "noise at the end", Sent - 1 },
        { "cut", Sent - 1 },
    };

    [Theory]
    [MemberData(nameof(TornEnds))]
    public async Task Store_TornEndOfTheLog_IsCutOffAndEveryTransactionBeforeItIsThere(string kind, int expected)
    {
        await using (var first = await StartStoreAsync()) await SendAsync(first, 0, Sent);
        var log = await File.ReadAllBytesAsync(Readings + ".wal");
        var torn = Tear(log, kind);
        await File.WriteAllBytesAsync(Readings + ".wal", torn);

        await using (var second = await StartStoreAsync())
        {
            Assert.Equal(expected, await CountAsync(second));
            if (kind != "cut") // DuckDB itself ignores an entry without its end.
            {
                Assert.Contains("torn end", second.StartOutput, StringComparison.Ordinal);
                Assert.Contains("torn end", await second.Client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
                Assert.Equal(torn, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(_folder.Path, "r.duckdb.wal.aside-*"))));
            }
            await SendAsync(second, 100, 2);
        }
        await using var third = await StartStoreAsync();
        Assert.Equal(expected + 2, await CountAsync(third));
        Assert.DoesNotContain("torn end", await third.Client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_LogCorruptBeforeLaterTransactions_IsRefusedAndLeftAlone()
    {
        await using (var first = await StartStoreAsync()) await SendAsync(first, 0, Sent);
        var log = Tear(await File.ReadAllBytesAsync(Readings + ".wal"), "hole");
        await File.WriteAllBytesAsync(Readings + ".wal", log);

        var run = await ProgramRun.ToItsEndAsync(Settings);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("truncate --size=", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.Equal(log, await File.ReadAllBytesAsync(Readings + ".wal"));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*aside*"));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(4096, false)]
    [InlineData(8192, false)]
    [InlineData(4096, true)]
    [InlineData(12_288, true)]
    public async Task Store_FileOfAnUnfinishedFirstStart_IsMadeAnew(int length, bool isZeros)
    {
        await using (var first = await StartStoreAsync()) { }
        File.Delete(Readings + ".wal");
        await File.WriteAllBytesAsync(Readings, isZeros ? new byte[length] : (await File.ReadAllBytesAsync(Readings))[..length]);

        await using var second = await StartStoreAsync();
        await SendAsync(second, 0, 1);

        Assert.Equal(1, await CountAsync(second));
        Assert.Contains("not completed", second.StartOutput, StringComparison.Ordinal);
        Assert.Equal(length, new FileInfo(Assert.Single(Directory.GetFiles(_folder.Path, "r.duckdb.aside-*"))).Length);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("cut behind its header")]
    [InlineData("log with rows")]
    public async Task Store_UnreadableFileThatMayHaveRows_IsRefusedAndLeftAlone(string kind)
    {
        await using (var first = await StartStoreAsync()) await SendAsync(first, 0, Sent);
        if (kind == "text") await File.WriteAllTextAsync(Readings, "the only copy of a thesis");
        else if (kind == "log with rows") await File.WriteAllTextAsync(Readings, "");
        else
        {
            await using (var file = File.OpenWrite(Readings))
            {
                file.Position = 4096;
                file.Write([.. Enumerable.Repeat((byte)0x55, 8192)]);
            }
            File.Delete(Readings + ".wal");
        }
        var content = await File.ReadAllBytesAsync(Readings);

        var run = await ProgramRun.ToItsEndAsync(Settings);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Restore the file from a backup", run.Errors, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllBytesAsync(Readings));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*aside*"));
    }

    [Theory]
    [InlineData("zeros behind")]
    [InlineData("zeros at the end")]
    [InlineData("hole")]
    [InlineData("unfinished")]
    public async Task SidePath_AfterAPowerFailure_FollowsTheStoreAgainByItself(string kind)
    {
        await using (var first = await SensorDashProcess.StartAsync(_folder.File("a.db")))
        {
            for (var i = 0; i < 3; i++)
            {
                await SendAsync(first, i * 10, 2);
                await WaitUntilAppliedAsync(first);
            }
        }
        if (kind != "unfinished") await File.WriteAllBytesAsync(Side + ".wal", Tear(await File.ReadAllBytesAsync(Side + ".wal"), kind));
        else
        {
            File.Delete(Side + ".wal");
            await File.WriteAllBytesAsync(Side, (await File.ReadAllBytesAsync(Side))[..8192]);
        }

        await using var second = await SensorDashProcess.StartAsync(_folder.File("a.db"));
        await second.Client.WaitForSidePathAsync("ready");
        await WaitUntilAppliedAsync(second);
        await second.Client.GetStringAsync("/api/fleet/hours?from=0&to=1");

        Assert.Contains(SensorDashApp.QueriesByDuckDb + " 1", await second.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    private (string, string)[] Settings
        => [("Database__Sqlite__Path", _folder.File("a.db")), ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", Readings)];

    private Task<SensorDashProcess> StartStoreAsync() => SensorDashProcess.StartAsync(_folder.File("a.db"), Settings);

    private static byte[] Tear(byte[] log, string kind)
    {
        var last = log.Length;
        switch (kind)
        {
            case "zeros behind":
                return [.. log, .. new byte[4096]];
            case "zeros at the end":
                log.AsSpan(last - 100).Clear();
                return log;
            case "zeros over two transactions":
                log.AsSpan(last - Transaction(log) - 100).Clear();
                return log;
            case "noise at the end":
                log.AsSpan(last - 100, 80).Fill(0x5a);
                return log;
            case "hole":
                log.AsSpan(last - Transaction(log) - 100, 80).Clear();
                return log;
            default:
                return log[..^3];
        }
    }

    // The bytes of the last transaction: between the last two entries that end one.
    private static int Transaction(ReadOnlySpan<byte> log)
    {
        ReadOnlySpan<byte> end = [0x64, 0, 0x64, 0xff, 0xff];
        return log.Length - (log[..^1].LastIndexOf(end) + end.Length);
    }

    private static async Task SendAsync(SensorDashProcess server, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            using var posted = await server.Client.PostAsJsonAsync("/api/sensor-data", new { node_address = 12, timestamp = Some.Noon + i, temperature_celsius = 20 });
            posted.EnsureSuccessStatusCode();
        }
    }

    private static async Task<int> CountAsync(SensorDashProcess server)
        => (await server.Client.GetFromJsonAsync<JsonElement>("/api/nodes/12")).GetProperty("total_readings").GetInt32();

    private static Task WaitUntilAppliedAsync(SensorDashProcess server) => WaitFor.TrueAsync("an applied reading", async () =>
    {
        var status = await server.Client.GetFromJsonAsync<JsonElement>("/api/system/analytics");
        return status.GetProperty("lag_rows").GetInt64() == 0 && status.GetProperty("applied_batch").GetInt64() > 0;
    });
}
