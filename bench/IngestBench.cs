using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Readings;

namespace SensorDash.Bench;

/// <summary>NDJSON over HTTP, durable before the response, compared with the bare engine in the same run.</summary>
internal static class IngestBench
{
    internal const int LinesPerRequest = 5_000;
    internal const int Connections = 4;
    private const int Rounds = 3;

    public static async Task<int> RunAsync(int count)
    {
        var readings = SyntheticReadings.Take(count).ToArray();
        var bodies = readings.Chunk(LinesPerRequest).Select(chunk => SyntheticReadings.Ndjson(chunk)).ToArray();
        Console.WriteLine($"{count:N0} readings of {SyntheticReadings.DefaultNodes} nodes, {LinesPerRequest:N0} per request, {Connections} connections, synchronous FULL");
        Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, SQLite {new SqliteConnection().ServerVersion}");
        Console.WriteLine("| round | bare SQLite, rows/s | HTTP, rows/s | ratio |\n|---|---|---|---|");
        var ratios = new List<double>();
        for (var round = 1; round <= Rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("sensordash-bench-").FullName;
            try
            {
                double http, ceiling;
                var database = Path.Combine(folder, "sensordash.db");
                await using (var server = await PublishedProgram.StartAsync(database))
                {
                    var empty = Path.Combine(folder, "ceiling.db");
                    await CopySchemaAsync(database, empty);
                    ceiling = SqliteCeiling.Measure(empty, readings);
                    http = count / await PostAsync(server.Client, bodies);
                    await CheckCountersAsync(server.Client, readings);
                }
                ratios.Add(http / ceiling);
                Console.WriteLine($"| {round} | {ceiling:N0} | {http:N0} | {http / ceiling:0.00} |");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        Console.WriteLine($"median ratio {ratios.Order().ElementAt(Rounds / 2):0.00}");
        return 0;
    }

    internal static async Task<double> PostAsync(HttpClient client, byte[][] bodies)
    {
        var next = -1;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < bodies.Length;)
            {
                using var content = new ByteArrayContent(bodies[i]);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
                using var response = await client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);
                response.EnsureSuccessStatusCode();
            }
        }));
        return watch.Elapsed.TotalSeconds;
    }

    internal static async Task CheckCountersAsync(HttpClient client, Reading[] readings)
    {
        var nodes = await client.GetFromJsonAsync<JsonElement>("/api/nodes");
        var stored = nodes.GetProperty("nodes").EnumerateArray().Sum(n => n.GetProperty("total_readings").GetInt64());
        if (stored != readings.Length) throw new InvalidOperationException($"{stored} readings are stored, not {readings.Length}.");
    }

    // The schema that the migrations created, without rows.
    private static async Task CopySchemaAsync(string from, string to)
    {
        await using var source = new SqliteConnection($"Data Source={from}");
        await source.OpenAsync();
        await using var command = source.CreateCommand();
        command.CommandText = $"VACUUM INTO '{to}'";
        await command.ExecuteNonQueryAsync();
    }
}
