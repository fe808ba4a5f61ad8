using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>A SQLite store of single-row batches beside one of few batches with the same rows: filling an empty side path, and merging the batches.</summary>
internal static class BatchesBench
{
    private const int FewBatches = 200;
    private const int Nodes = 500;

    public static async Task<int> RunAsync(int rows)
    {
        Console.WriteLine($"{rows:N0} readings of {Nodes} nodes; {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        Console.WriteLine("| batches | side path filled, s | merged, s | batches then |\n|---|---|---|---|");
        var filled = new List<double>();
        foreach (var batches in (int[])[FewBatches, rows, FewBatches, rows])
        {
            await using var fixture = await SqliteStoreFixture.CreateAsync();
            await FillAsync(fixture, rows, batches);
            var watch = Stopwatch.StartNew();
            await FollowAsync(fixture);
            filled.Add(watch.Elapsed.TotalSeconds);
            watch.Restart();
            for (long? after = 0; after is not null;) after = await fixture.Batches.MergeStepAsync(after.Value, default);
            Console.WriteLine(FormattableString.Invariant(
                $"| {batches:N0} | {filled[^1]:0.0} | {watch.Elapsed.TotalSeconds:0.0} | {await fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"):N0} |"));
        }
        Console.WriteLine(FormattableString.Invariant($"single rows ÷ {FewBatches} batches: {filled[1] / filled[0]:0.00}, {filled[3] / filled[2]:0.00}"));
        return 0;
    }

    private static async Task FillAsync(SqliteStoreFixture fixture, int rows, int batches)
    {
        var start = Some.Noon - (rows / Nodes * 30);
        string[] statements = [
            string.Create(CultureInfo.InvariantCulture, $"""
                INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, batch_id)
                WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})
                SELECT 1 + i % {Nodes}, {start} + i / {Nodes} * 30, 2000 + i % 700, 4000 + i % 900, 0, {start} + i / {Nodes} * 30, 1 + i * {batches} / {rows} FROM n
                """),
            "INSERT INTO nodes SELECT node_address, NULL, 'SENSOR', min(timestamp), max(timestamp), count(*), 0, max(received_at), max(timestamp) FROM sensor_readings GROUP BY 1",
            """
            INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, rows_hash)
            SELECT batch_id, max(timestamp) * 1000000, count(*), min(timestamp), max(timestamp), 0 FROM sensor_readings GROUP BY 1
            """];
        foreach (var statement in statements) await fixture.ExecuteAsync(statement);
    }

    private static async Task FollowAsync(SqliteStoreFixture fixture)
    {
        using var folder = new TemporaryFolder();
        var options = Options.Create(new AnalyticsOptions { Path = folder.File("side.duckdb") });
        var source = new DuckDbSidePathSource(fixture.Changes, options, TimeProvider.System, NullLogger<DuckDbSidePathSource>.Instance);
        using var sync = new DuckDbSync(fixture.Changes, fixture.Batches, fixture.Commits, source, options, TimeProvider.System, NullLogger<DuckDbSync>.Instance);
        await sync.StartAsync(default);
        while (source.State != AnalyticsState.Ready) await Task.Delay(50);
        await sync.StopAsync(default);
    }
}
