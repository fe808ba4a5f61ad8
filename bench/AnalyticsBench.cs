using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Hourly p50, p95 and p99 of all nodes: end to end over HTTP, with a bare DuckDB query on the same file, and from SQLite alone.</summary>
internal static class AnalyticsBench
{
    private const int Nodes = 500;
    private const int LinesPerRequest = 5_000;
    private const int Rounds = 5;
    private const string EveryNodeHourly = "/api/sensor-data/export?resolution=hourly";

    public static async Task<int> RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("sensordash-bench-").FullName;
        var path = Path.Combine(folder, "sensordash.db");
        try
        {
            Console.WriteLine($"{count:N0} readings of {Nodes} nodes; {Environment.ProcessorCount} cores, .NET {Environment.Version}");
            double http, oneNode, oneNodeHours, sqlite;
            await using (var server = await PublishedProgram.StartAsync(path))
            {
                await FillAsync(server.Client, count);
                http = await MedianAsync(() => DownloadAsync(server.Client, EveryNodeHourly));
                oneNode = await MedianAsync(() => DownloadAsync(server.Client, "/api/nodes/7/statistics"));
                oneNodeHours = await MedianAsync(() => DownloadAsync(server.Client, "/api/nodes/7/statistics/hourly?limit=24"));
            }
            var bare = await MedianAsync(() => Task.FromResult(BareQuery(Path.ChangeExtension(path, ".duckdb"))));
            await using (var server = await PublishedProgram.StartAsync(path, ("Analytics__Enabled", "false")))
                sqlite = await DownloadAsync(server.Client, EveryNodeHourly);

            Console.WriteLine($"hourly p50/p95/p99 of all nodes: HTTP {http:N0} ms, bare DuckDB {bare:N0} ms, from SQLite {sqlite:N0} ms");
            Console.WriteLine($"HTTP / bare {http / bare:0.00}, SQLite / HTTP {sqlite / http:0.0}");
            Console.WriteLine($"one node: statistics {oneNode:0.0} ms, last 24 hours by hour {oneNodeHours:0.0} ms");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task FillAsync(HttpClient client, int count)
    {
        var watch = Stopwatch.StartNew();
        foreach (var chunk in SyntheticReadings.Take(count, Nodes).Chunk(LinesPerRequest))
        {
            using var content = new ByteArrayContent(SyntheticReadings.Ndjson(chunk));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var stored = await client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);
            stored.EnsureSuccessStatusCode();
        }
        var ingest = watch.Elapsed;
        JsonElement status;
        do status = await client.GetFromJsonAsync<JsonElement>("/api/system/analytics");
        while (status.GetProperty("state").GetString() == "catching_up" || status.GetProperty("lag_rows").GetInt64() > 0);
        Console.WriteLine($"ingest by one connection {count / ingest.TotalSeconds:N0} rows/s; DuckDB caught up {(watch.Elapsed - ingest).TotalSeconds:0.0} s later");
    }

    private static async Task<double> DownloadAsync(HttpClient client, string path)
    {
        var watch = Stopwatch.StartNew();
        await using var body = await client.GetStreamAsync(new Uri(path, UriKind.Relative));
        await body.CopyToAsync(Stream.Null);
        return watch.Elapsed.TotalMilliseconds;
    }

    private static double BareQuery(string path)
    {
        using var client = new DuckDbClient(path);
        var watch = Stopwatch.StartNew();
        foreach (var _ in client.Read("""
            SELECT node_address, "timestamp" // 3600, quantile_cont(temperature_centidegrees, [0.5, 0.95, 0.99]),
                quantile_cont(humidity_centipercent, [0.5, 0.95, 0.99])
            FROM sensor_readings GROUP BY 1, 2 ORDER BY 2 DESC, 1
            """, row => 0)) { }
        return watch.Elapsed.TotalMilliseconds;
    }

    private static async Task<double> MedianAsync(Func<Task<double>> measure)
    {
        var times = new List<double>();
        await measure(); // Not measured: fills caches and compiles code on both sides.
        for (var round = 0; round < Rounds; round++) times.Add(await measure());
        return times.Order().ElementAt(Rounds / 2);
    }
}
