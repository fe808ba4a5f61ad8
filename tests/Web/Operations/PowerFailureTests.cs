using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>DuckDB files as a power failure leaves them: bytes that were not synced are zeros or absent.</summary>
public sealed class PowerFailureTests : IDisposable
{
    private const int Sent = 6;

    private readonly List<TemporaryFolder> _folders = [new()];

    private TemporaryFolder Folder => _folders[^1];

    private string Readings => Folder.File("r.duckdb");

    private string Side => Folder.File("a.duckdb");

    public void Dispose() => _folders.ForEach(folder => folder.Dispose());

    public static TheoryData<string, int> TornEnds() => new()
    {
        { "zeros behind", Sent },
        { "zeros at the end", Sent - 1 },
        { "zeros over two transactions", Sent - 2 },
        { "noise at the end", Sent - 1 },
        { "hole in the last transaction", Sent - 1 },
        { "cut", Sent - 1 },
    };

    [Theory]
    [MemberData(nameof(TornEnds))]
    public async Task Store_TornEndOfTheLog_IsCutOffAndEveryTransactionBeforeItIsThere(string kind, int expected)
    {
        await RunStoreAsync(Sent);
        var log = await File.ReadAllBytesAsync(Readings + ".wal");
        var torn = Tear(log, kind);
        await File.WriteAllBytesAsync(Readings + ".wal", torn);

        await using (var second = StartStore())
        {
            using var client = second.CreateClient();
            Assert.Equal(expected, await CountAsync(client));
            if (kind != "cut") // DuckDB itself ignores an entry without its end.
            {
                Assert.Contains(second.Logs.Entries, entry => entry.Text.Contains("torn end", StringComparison.Ordinal));
                Assert.Contains("torn end", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
                Assert.Equal(torn, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(Folder.Path, "r.duckdb.wal.aside-*"))));
            }
            await SendAsync(client, 100, 2);
            Kill();
        }
        await using var third = StartStore();
        using var last = third.CreateClient();
        Assert.Equal(expected + 2, await CountAsync(last));
        Assert.DoesNotContain("torn end", await last.GetStringAsync("/health/ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_LogCorruptBeforeLaterTransactions_IsRefusedAndLeftAlone()
    {
        await RunStoreAsync(Sent);
        var log = Tear(await File.ReadAllBytesAsync(Readings + ".wal"), "hole");
        await File.WriteAllBytesAsync(Readings + ".wal", log);

        var run = await ProgramRun.ToItsEndAsync(Settings);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("truncate --size=", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.Equal(log, await File.ReadAllBytesAsync(Readings + ".wal"));
        Assert.Empty(Directory.GetFiles(Folder.Path, "*aside*"));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(4096, false)]
    [InlineData(8192, false)]
    [InlineData(4096, true)]
    [InlineData(12_288, true)]
    public async Task Store_FileOfAnUnfinishedFirstStart_IsMadeAnew(int length, bool isZeros)
    {
        await RunStoreAsync(0);
        File.Delete(Readings + ".wal");
        await File.WriteAllBytesAsync(Readings, isZeros ? new byte[length] : (await File.ReadAllBytesAsync(Readings))[..length]);

        await using var second = StartStore();
        using var client = second.CreateClient();
        await SendAsync(client, 0, 1);

        Assert.Equal(1, await CountAsync(client));
        Assert.Contains(second.Logs.Entries, entry => entry.Text.Contains("not completed", StringComparison.Ordinal));
        Assert.Equal(length, new FileInfo(Assert.Single(Directory.GetFiles(Folder.Path, "r.duckdb.aside-*"))).Length);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("cut behind its header")]
    [InlineData("log with rows")]
    public async Task Store_UnreadableFileThatMayHaveRows_IsRefusedAndLeftAlone(string kind)
    {
        await RunStoreAsync(Sent);
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
        Assert.Empty(Directory.GetFiles(Folder.Path, "*aside*"));
    }

    [Theory]
    [InlineData("zeros behind")]
    [InlineData("zeros at the end")]
    [InlineData("hole")]
    [InlineData("unfinished")]
    public async Task SidePath_AfterAPowerFailure_FollowsTheStoreAgainByItself(string kind)
    {
        await using (var first = StartSidePath())
        {
            using var sender = first.CreateClient();
            for (var i = 0; i < 3; i++)
            {
                await SendAsync(sender, i * 10, 2);
                await first.WaitUntilCaughtUpAsync();
            }
            Kill();
        }
        if (kind != "unfinished") await File.WriteAllBytesAsync(Side + ".wal", Tear(await File.ReadAllBytesAsync(Side + ".wal"), kind));
        else
        {
            File.Delete(Side + ".wal");
            await File.WriteAllBytesAsync(Side, (await File.ReadAllBytesAsync(Side))[..8192]);
        }

        await using var second = StartSidePath();
        using var client = second.CreateClient();
        await client.WaitForSidePathAsync("ready");
        await second.WaitUntilCaughtUpAsync();
    }

    private (string Key, string Value)[] Settings
        => [("Database:Sqlite:Path", Folder.File("a.db")), ("Readings:Backend", "DuckDb"), ("Readings:DuckDb:Path", Readings)];

    private SensorDashApp StartStore() => new(Settings);

    private SensorDashApp StartSidePath() => new(("Database:Sqlite:Path", Folder.File("a.db")), ("Analytics:Path", Side));

    private async Task RunStoreAsync(int readings)
    {
        await using var app = StartStore();
        using var client = app.CreateClient();
        await SendAsync(client, 0, readings);
        Kill();
    }

    // The files of a running program are what kill -9 leaves. The rest of the test uses copies of them, and the program stops on its own.
    private void Kill()
    {
        var copies = new TemporaryFolder();
        // By another process: this one's locks on the files would end when a second handle is closed.
        using var copy = Process.Start("cp", ["-a", Folder.Path + "/.", copies.Path])!;
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
        _folders.Add(copies);
    }

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
            case "hole in the last transaction": // A disk wrote its end, which says that it is complete, before its middle.
                log.AsSpan(last - 120, 80).Clear();
                return log;
            case "hole":
                log.AsSpan(last - Transaction(log) - 120, 80).Clear();
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

    private static async Task SendAsync(HttpClient client, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            using var posted = await client.PostAsJsonAsync("/api/sensor-data", new { node_address = 12, timestamp = Some.Noon + i, temperature_celsius = 20 });
            posted.EnsureSuccessStatusCode();
        }
    }

    private static async Task<int> CountAsync(HttpClient client)
        => (await client.GetFromJsonAsync<JsonElement>("/api/nodes/12")).GetProperty("total_readings").GetInt32();
}
