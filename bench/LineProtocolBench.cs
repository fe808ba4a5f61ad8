using System.Diagnostics;
using System.Globalization;
using System.Text;
using SensorDash.Data.Readings;

namespace SensorDash.Bench;

/// <summary>InfluxDB line protocol over one connection, durable before each response: SensorDash on SQLite and on DuckDB beside InfluxDB and VictoriaMetrics,
/// where these are installed.</summary>
internal static class LineProtocolBench
{
    private const int Nodes = 500;
    private const int LinesPerRequest = 10_000;
    private const int Parts = 3;
    private const int SmallPosts = 500;
    private const int NodesPerSmallPost = 20;

    public static async Task<int> RunAsync(int count)
    {
        var parts = Enumerable.Range(0, Parts).Select(part => Bodies(SyntheticReadings.Take(count * Parts, Nodes).Skip(part * count).Take(count))).ToArray();
        Console.WriteLine($"{Parts} × {count:N0} lines of {Nodes} nodes in order of time, {LinesPerRequest:N0} per request, one connection, synced before each response; {Environment.ProcessorCount} cores");
        Console.WriteLine("| store | rows/s of each part | CPU s per million | MB written | statistics beside it, p50 / worst, ms |\n|---|---|---|---|---|");
        var folder = Directory.CreateTempSubdirectory("sensordash-bench-").FullName;
        try
        {
            foreach (var start in (Func<string, Task<LineProtocolServer?>>[])[
                path => LineProtocolServer.SensorDashAsync("SQLite and side path", path),
                path => LineProtocolServer.SensorDashAsync("DuckDB", path, ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", Path.Combine(path, "r.duckdb"))),
                LineProtocolServer.InfluxAsync, LineProtocolServer.VictoriaAsync])
            {
                var path = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N"))).FullName;
                await using var server = await start(path);
                if (server is not null) await MeasureAsync(server, parts, count);
            }
            await SmallPostsAsync(Directory.CreateDirectory(Path.Combine(folder, "small")).FullName);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static async Task MeasureAsync(LineProtocolServer server, byte[][][] parts, int count)
    {
        var rates = new List<string>();
        var (cpu, written) = server.Usage.Read();
        using var stop = new CancellationTokenSource();
        var asking = server.Statistics is { } statistics ? AskAsync(server.Client, statistics, stop.Token) : Task.FromResult(new List<double>());
        foreach (var part in parts)
        {
            var watch = Stopwatch.StartNew();
            foreach (var body in part) await server.WriteAsync(body);
            rates.Add((count / watch.Elapsed.TotalSeconds).ToString("N0", CultureInfo.InvariantCulture));
        }
        var used = server.Usage.Read();
        await stop.CancelAsync();
        var times = (await asking).Order().ToArray();
        Console.WriteLine(FormattableString.Invariant($"| {server.Name} | {string.Join(" · ", rates)} | {(used.CpuSeconds - cpu) * 1e6 / count / Parts:0.0} | {(used.BytesWritten - written) / 1e6:N0} | ")
            + (times.Length == 0 ? "" : FormattableString.Invariant($"{times[times.Length / 2]:0} / {times[^1]:0}")) + " |");
    }

    // Ten times a second, one after the other.
    private static async Task<List<double>> AskAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        try
        {
            while (true)
            {
                await Task.Delay(100, cancellationToken);
                var watch = Stopwatch.StartNew();
                using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
                if (response.IsSuccessStatusCode) times.Add(watch.Elapsed.TotalMilliseconds);
            }
        }
        catch (OperationCanceledException)
        {
            return times;
        }
    }

    private static async Task SmallPostsAsync(string path)
    {
        await using var server = (await LineProtocolServer.SensorDashAsync("", path))!;
        var before = server.Usage.Read().BytesWritten;
        foreach (var body in SyntheticReadings.Take(SmallPosts * NodesPerSmallPost, NodesPerSmallPost).Chunk(NodesPerSmallPost)) await server.WriteAsync(Lines(body));
        Console.WriteLine($"{SmallPosts} posts of {NodesPerSmallPost} nodes on SQLite: {(server.Usage.Read().BytesWritten - before) / (double)(SmallPosts * NodesPerSmallPost):N0} bytes written per reading");
    }

    private static byte[][] Bodies(IEnumerable<Reading> readings) => [.. readings.Chunk(LinesPerRequest).Select(Lines)];

    private static byte[] Lines(Reading[] readings)
    {
        var text = new StringBuilder(readings.Length * 60);
        foreach (var r in readings)
            text.Append(CultureInfo.InvariantCulture, $"climate,node={r.NodeAddress} temp={r.TemperatureCentidegrees / 100m:0.00},hum={r.HumidityCentipercent / 100m:0.00} {r.Timestamp}\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
