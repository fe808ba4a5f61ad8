using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Transfers with verification, by the published program, compared with the target's own batch writer in the same run; verification alone; anonymous memory.</summary>
internal static class TransferBench
{
    private const int EventsPerBatch = 20_000;
    private const int ReadingsPerBatch = 50_000;
    private const int DuckDbLimitMiB = 256;

    private sealed record Measured(double Seconds, double AnonymousMiB);

    public static async Task<int> RunAsync(int count)
    {
        Console.WriteLine($"{count:N0} readings, {count / 5:N0} events; {Environment.ProcessorCount} cores, .NET {Environment.Version}; limit of DuckDB {DuckDbLimitMiB} MiB");
        Console.WriteLine("| transfer | batch writer of the target, rows/s | with verification, rows/s | ratio | verification alone, rows/s | anonymous memory, MiB |\n|---|---|---|---|---|---|");
        await EventsAsync(count / 5);
        await ReadingsAsync(count);
        return 0;
    }

    private static async Task EventsAsync(int count)
    {
        using var folder = new TemporaryFolder();
        var truth = folder.File("truth.db");
        await CreateTruthAsync(truth, count);
        double ceiling;
        await using (var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache))
        {
            await using var store = new TimescaleEventStore(fixture.Database, new(), fixture.Clock);
            ceiling = await MeasureAsync<LaneEvent>(store, SyntheticEvents.Batches(count, EventsPerBatch), count);
        }
        await using var target = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);
        await ReportAsync("truth.db → TimescaleDB", count, ceiling, ["--from", truth, "--to", "timescale", "--report", folder.Path], target.ProgramEnvironment);
    }

    private static async Task ReadingsAsync(int count)
    {
        using var folder = new TemporaryFolder();
        await using var source = await SqliteStoreFixture.CreateAsync();
        await MeasureAsync<Reading>(source.Store, SyntheticReadings.Take(count).Chunk(ReadingsPerBatch), count);
        double ceiling;
        await using (var fixture = await DuckDbStoreFixture.CreateAsync()) ceiling = await MeasureAsync<Reading>(fixture.Store, SyntheticReadings.Take(count).Chunk(ReadingsPerBatch), count);
        await ReportAsync("SQLite → DuckDB", count, ceiling, ["--from", source.Database.Path, "--to", "duckdb:" + folder.File("readings.duckdb")],
            ("Analytics__MemoryLimitMiB", DuckDbLimitMiB.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task ReportAsync(string name, int count, double ceiling, string[] arguments, params (string Name, string Value)[] settings)
    {
        var run = await RunProgramAsync("run", arguments, settings);
        var verify = await RunProgramAsync("verify", arguments, settings);
        Console.WriteLine($"| {name} | {ceiling:N0} | {count / run.Seconds:N0} | {count / run.Seconds / ceiling:0.00} | {count / verify.Seconds:N0} | {Math.Max(run.AnonymousMiB, verify.AnonymousMiB):N0} |");
    }

    // Making the rows is not measured.
    private static async Task<double> MeasureAsync<TRow>(IRowStore<TRow> store, IEnumerable<TRow[]> batches, int count)
        where TRow : IRow
    {
        var watch = new Stopwatch();
        foreach (var batch in batches)
        {
            var outcomes = new RowOutcome[batch.Length];
            watch.Start();
            await store.AppendAsync(batch, outcomes, CancellationToken.None);
            watch.Stop();
        }
        return count / watch.Elapsed.TotalSeconds;
    }

    private static async Task<Measured> RunProgramAsync(string command, string[] arguments, (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [await PublishedProgram.PathAsync, "transfer", command, .. arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var watch = Stopwatch.StartNew();
        using var program = Process.Start(start)!;
        var output = program.StandardOutput.ReadToEndAsync();
        var (ended, anonymous) = (program.WaitForExitAsync(), 0.0);
        while (await Task.WhenAny(ended, Task.Delay(100)) != ended) anonymous = Math.Max(anonymous, Anonymous(program.Id));
        var text = await output;
        return program.ExitCode == 0 ? new(watch.Elapsed.TotalSeconds, anonymous) : throw new InvalidOperationException(text);
    }

    private static double Anonymous(int process)
    {
        try
        {
            var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")).FirstOrDefault(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0; // It has just ended.
        }
    }

    private static async Task CreateTruthAsync(string path, int count)
    {
        await using var connection = await SqliteLock.OpenAsync(path);
        await using var create = connection.CreateCommand();
        create.CommandText = """
            CREATE TABLE eventIndex (eventId TEXT PRIMARY KEY);
            CREATE TABLE rawEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, connectionId TEXT, sequence INTEGER, bytes BLOB)
            """;
        await create.ExecuteNonQueryAsync();
        foreach (var batch in SyntheticEvents.Batches(count, EventsPerBatch))
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO eventIndex VALUES ($id); INSERT INTO rawEvents VALUES ($id, $scope, $time, $time, $connection, $sequence, $bytes)";
            foreach (var each in batch.Cast<RawEvent>())
            {
                insert.Parameters.Clear();
                insert.Parameters.AddWithValue("$id", each.Id.ToString());
                insert.Parameters.AddWithValue("$scope", each.ScopeId);
                insert.Parameters.AddWithValue("$time", EventTime.Format(each.SourceTime));
                insert.Parameters.AddWithValue("$connection", each.ConnectionId);
                insert.Parameters.AddWithValue("$sequence", each.Sequence);
                insert.Parameters.Add("$bytes", SqliteType.Blob).Value = each.Content;
                await insert.ExecuteNonQueryAsync();
            }
            await transaction.CommitAsync();
        }
    }
}
