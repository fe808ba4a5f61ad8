using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>A file that a former system goes on writing is followed by the program, which is killed and started again.</summary>
public sealed class TransferFollowTests
{
    private const int RowsPerSecond = 500;

    [Fact]
    public async Task Follow_FileWrittenAt500RowsPerSecond_LosesAndRepeatsNothing()
    {
        using var folder = new TemporaryFolder();
        var (former, target) = (folder.File("truth.db"), folder.File("target.db"));
        await using var writer = new SqliteConnection($"Data Source={former};Pooling=False");
        await writer.OpenAsync();
        await ExecuteAsync(writer, """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
            CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER, received_at INTEGER);
            CREATE TABLE rawEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, connectionId TEXT, sequence INTEGER, bytes BLOB)
            """);
        var written = await AddAsync(writer, 0, 5_000);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            var since = Stopwatch.StartNew();
            var first = written;
            while (!stop.IsCancellationRequested)
            {
                var due = first + (int)(since.Elapsed.TotalSeconds * RowsPerSecond);
                if (due > written) written = await AddAsync(writer, written, due - written);
                await Task.Delay(20);
            }
        });

        for (var round = 0; round < SoakSize.Choose(quick: 3, full: 50); round++)
        {
            using var killed = Start("run", "--follow", "--from", former, "--to", target);
            await WaitForLineAsync(killed, "Following");
            await Task.Delay(500 + (137 * round % 1_000));
            killed.Kill();
            await killed.WaitForExitAsync();
        }
        using var last = Start("run", "--follow", "--from", former, "--to", target);
        await WaitForLineAsync(last, "Following");
        await Task.Delay(TimeSpan.FromSeconds(SoakSize.Choose(quick: 3, full: 120)));
        await stop.CancelAsync();
        await writing;
        // The last row is there within seconds.
        await WaitFor.TrueAsync("the last row arrives", async () => await CountAsync(target, "raw_events") == written && await CountAsync(target, "sensor_readings") == written);
        Assert.Equal(0, await InterruptAsync(last));

        using var verify = Start("verify", "--from", former, "--to", target);
        var report = await verify.StandardOutput.ReadToEndAsync();
        await verify.WaitForExitAsync();
        Assert.True(verify.ExitCode == 0, report);
        Assert.Contains("complete, every row is equal", report, StringComparison.Ordinal);
        Assert.Equal(written, await CountAsync(target, "event_index"));
    }

    private static async Task<int> AddAsync(SqliteConnection writer, int from, int count)
    {
        await using var transaction = await writer.BeginTransactionAsync();
        for (var i = from; i < from + count; i++)
        {
            // Now and then a time of before: events of several devices.
            var time = DateTimeOffset.FromUnixTimeMilliseconds(1_767_225_600_000 + (2L * i) - (i % 7 == 0 ? 9 : 0)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            await ExecuteAsync(writer, string.Create(CultureInfo.InvariantCulture, $"""
                INSERT INTO sensor_readings VALUES ({i + 1}, {1 + (i % 20)}, {1_767_225_600 + (i / 20)}, {i % 3000}, {i % 10_000}, {1_767_225_600 + (i / 20)});
                INSERT INTO rawEvents VALUES ('{i + 1:x64}', 's', '{time}', '{time}', 'c', {i}, x'00')
                """));
        }
        await transaction.CommitAsync();
        return from + count;
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> CountAsync(string path, string table)
    {
        await using var connection = await SqliteLock.OpenAsync(path);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task WaitForLineAsync(Process process, string start)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith(start, StringComparison.Ordinal)) return;
        Assert.Fail($"The program ended with {process.ExitCode}.");
    }

    // As Ctrl+C, which a shell in the background makes its programs ignore.
    private static async Task<int> InterruptAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static Process Start(params string[] arguments)
        => Process.Start(new ProcessStartInfo(SensorDashProcess.Program[0], [.. SensorDashProcess.Program.Skip(1), "transfer", .. arguments]) { RedirectStandardOutput = true })!;
}
