using System.Diagnostics;
using System.Globalization;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary><c>kill -9</c> at random moments of a transfer: the same command goes on, and every row is there once.</summary>
public sealed class TransferKillTests
{
    private const int Readings = 40_000;
    private const int Events = 6_000;

    [Fact]
    public async Task Kill_DuringATransferIntoSqlite_EveryRowIsThereOnce()
    {
        using var folder = new TemporaryFolder();
        var target = folder.File("target.db");
        await CreateSourceAsync(folder.File("source.db"));

        await RunKilledAsync(["--from", folder.File("source.db"), "--to", target, "--batch-size", "200"]);

        await AssertCompleteAsync(async sql =>
        {
            await using var connection = await SqliteLock.OpenAsync(target);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
        });
    }

    [SkippableFact]
    public async Task Kill_DuringATransferIntoPostgreSql_EveryRowIsThereOnce()
    {
        using var folder = new TemporaryFolder();
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);
        await CreateSourceAsync(folder.File("source.db"));

        await RunKilledAsync(["--from", folder.File("source.db"), "--to", "timescale", "--batch-size", "500", "--report", folder.Path], fixture.ProgramEnvironment);

        await AssertCompleteAsync(fixture.ScalarAsync);
    }

    private static async Task RunKilledAsync(string[] arguments, params (string Name, string Value)[] settings)
    {
        var random = new Random(20_261_129);
        for (var round = 0; round < SoakSize.Choose(quick: 3, full: 50); round++)
        {
            using var killed = Start(arguments, settings);
            // The program says that it begins to copy; what it does before and after is hit too.
            if (random.Next(4) > 0)
                while (await killed.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("copy", StringComparison.Ordinal)) ;
            await Task.Delay(random.Next(600));
            killed.Kill();
            await killed.WaitForExitAsync();
        }
        using var last = Start(arguments, settings);
        var output = await last.StandardOutput.ReadToEndAsync();
        await last.WaitForExitAsync();
        Assert.True(last.ExitCode == 0, output);
        Assert.Contains("complete, every row is equal", output, StringComparison.Ordinal);
    }

    private static async Task AssertCompleteAsync(Func<string, Task<long>> scalar)
    {
        foreach (var (part, rows, table, batches) in ((int, long, string, string)[])[(0, Readings, "sensor_readings", "row_count) FROM ingest_batches"), (1, Events, "event_index", "event_count) FROM event_batches")])
        {
            Assert.Equal(rows, await scalar($"SELECT count(*) FROM {table}"));
            Assert.Equal(rows, await scalar($"SELECT sum({batches}"));
            Assert.Equal(rows, await scalar($"SELECT sum(row_count) FROM transfer_chunks WHERE part = {part}"));
            // Each chunk begins where another one ends: no range was done twice or passed over.
            Assert.Equal(1, await scalar($"SELECT count(*) FROM transfer_chunks c WHERE part = {part} AND NOT EXISTS (SELECT 1 FROM transfer_chunks p WHERE p.part = c.part AND p.to_time = c.from_time)"));
        }
        Assert.Equal(1, await scalar("SELECT count(*) FROM transfers"));
    }

    private static Process Start(string[] arguments, (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(SensorDashProcess.Program[0], [.. SensorDashProcess.Program.Skip(1), "transfer", "run", .. arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    // A former hub and a former event store in one file.
    private static async Task CreateSourceAsync(string path)
    {
        await using var connection = await SqliteLock.OpenAsync(path);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER, received_at INTEGER);
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {Readings - 1})
            INSERT INTO sensor_readings SELECT i + 1, 1 + i % 20, 1767225600 + i / 20, i % 3000, i % 10000, 1767225600 + i / 20 FROM n;
            CREATE TABLE rawEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, connectionId TEXT, sequence INTEGER, bytes BLOB);
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {Events - 1})
            INSERT INTO rawEvents SELECT printf('%064x', i), 'scope', strftime('%Y-%m-%dT%H:%M:%SZ', 1767225600 + i, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%SZ', 1767225600 + i / 3, 'unixepoch'),
                'c', i, x'00' FROM n
            """);
        await command.ExecuteNonQueryAsync();
    }
}
