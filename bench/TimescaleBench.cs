using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Readings;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>NDJSON over HTTP into TimescaleDB, durable before the response, compared with standard bulk writing on the same server in the same run.</summary>
internal static class TimescaleBench
{
    private const int Rounds = 3;
    private const int RowsPerTransaction = 20_000;

    public static async Task<int> RunAsync(int count)
    {
        var readings = SyntheticReadings.Take(count).ToArray();
        var bodies = readings.Chunk(IngestBench.LinesPerRequest).Select(chunk => SyntheticReadings.Ndjson(chunk)).ToArray();
        Console.WriteLine($"{count:N0} readings of {SyntheticReadings.DefaultNodes} nodes, {IngestBench.LinesPerRequest:N0} per request, {IngestBench.Connections} connections, fsync on");
        Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}");
        Console.WriteLine("| round | COPY to staging and INSERT, rows/s | HTTP, rows/s | ratio |\n|---|---|---|---|");
        var ratios = new List<double>();
        for (var round = 1; round <= Rounds; round++)
        {
            using var folder = new TemporaryFolder();
            await using var empty = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
            await using var store = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
            if (round == 1) Console.WriteLine($"{await store.TextAsync("SELECT version()")}; {await store.TextAsync("SELECT obj_description('sensor_readings'::regclass)")}");
            var ceiling = await MeasureCeilingAsync(empty, readings);
            await using var server = await PublishedProgram.StartAsync(
                folder.File("unused.db"), [.. store.ProgramEnvironment, ("Analytics__Path", folder.File("side.duckdb"))]);
            var http = count / await IngestBench.PostAsync(server.Client, bodies);
            await IngestBench.CheckCountersAsync(server.Client, readings);
            ratios.Add(http / ceiling);
            Console.WriteLine($"| {round} | {ceiling:N0} | {http:N0} | {http / ceiling:0.00} |");
        }
        Console.WriteLine($"median ratio {ratios.Order().ElementAt(Rounds / 2):0.00}");
        return 0;
    }

    // No counters, no batch rows, no outcomes per row, no HTTP.
    private static async Task<double> MeasureCeilingAsync(TimescaleStoreFixture fixture, Reading[] readings)
    {
        await using var connection = await fixture.OpenAsync();
        await ExecuteAsync(connection, "CREATE TEMP TABLE staging (LIKE sensor_readings) ON COMMIT DELETE ROWS");
        var watch = Stopwatch.StartNew();
        var batchId = 0L;
        foreach (var batch in readings.Chunk(RowsPerTransaction))
        {
            await using var transaction = await connection.BeginTransactionAsync();
            batchId++;
            await using (var copy = await connection.BeginBinaryImportAsync("COPY staging FROM STDIN (FORMAT BINARY)"))
            {
                foreach (var reading in batch)
                {
                    await copy.StartRowAsync();
                    await copy.WriteAsync(reading.NodeAddress, NpgsqlDbType.Integer);
                    await copy.WriteAsync(PgTime.OfSeconds(reading.Timestamp), NpgsqlDbType.TimestampTz);
                    await copy.WriteAsync(reading.TemperatureCentidegrees!.Value, NpgsqlDbType.Smallint);
                    await copy.WriteAsync(reading.HumidityCentipercent!.Value, NpgsqlDbType.Smallint);
                    await copy.WriteAsync((long)reading.Flags, NpgsqlDbType.Bigint);
                    await copy.WriteAsync(PgTime.OfSeconds(reading.ReceivedAt), NpgsqlDbType.TimestampTz);
                    await copy.WriteAsync(batchId, NpgsqlDbType.Bigint);
                }
                await copy.CompleteAsync();
            }
            await ExecuteAsync(connection, "INSERT INTO sensor_readings SELECT * FROM staging ON CONFLICT DO NOTHING");
            await transaction.CommitAsync();
        }
        return readings.Length / watch.Elapsed.TotalSeconds;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
