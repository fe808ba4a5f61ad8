using System.Diagnostics;
using System.Globalization;
using System.Text;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Server time and size of every page and list of a hub with very many nodes, which a sender of line protocol can make within seconds.</summary>
internal static class NodesBench
{
    private const int Rounds = 5;
    private const int LinesPerRequest = 50_000;
    private const int HourSeconds = 3600;
    private const int YearSeconds = 365 * 24 * HourSeconds;
    private const int Interval = 30;

    private static readonly string[] _paths =
    [
        "/", "/?page=9", "/?q=99", "/?status=stale", "/analytics", "/analytics (without scripts)", "/analytics?handler=Hours", "/analytics?handler=Comparison",
        "/analytics?handler=Quality", "/export", "/export?find=99", "/zones", "/nodes/1", "/nodes/delete?max_readings=1", "/system", "/events", "/nowhere",
        "/api/nodes", "/api/nodes?limit=100", "/api/quality", "/api/fleet/series", "/api/fleet/hours", "/metrics",
    ];

    public static async Task<int> RunAsync(int count)
    {
        Console.WriteLine($"{count:N0} nodes on SQLite with the side path; {Environment.ProcessorCount} cores, .NET {Environment.Version}. Median of {Rounds} after one round that is not measured, CPU time of the server on average");
        var one = await MeasureAsync(count, readings: 1);
        var day = await MeasureAsync(count, readings: 24);
        Console.WriteLine("| path | one reading per node: ms | CPU ms | kB | 24 hourly readings per node: ms | CPU ms | kB |\n|---|---|---|---|---|---|---|");
        foreach (var path in _paths) Console.WriteLine($"| `{path}` | {Text(one[path])} | {Text(day[path])} |");
        await MeasureYearAsync(count);
        return 0;
    }

    // One node with a year of readings, beside all others with one.
    private static async Task MeasureYearAsync(int count)
    {
        using var folder = new TemporaryFolder();
        await using var server = await PublishedProgram.StartAsync(folder.File("nodes.db"), ("Ingest__MaxNodes", "1000000"));
        await FillAsync(server.Client, count, 1);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        await PostAsync(server.Client, Enumerable.Range(1, YearSeconds / Interval).Select(i => string.Create(CultureInfo.InvariantCulture, $"m,node=1 temp={i % 400 / 10.0:0.0} {now - (long)(i * Interval)}\n")));
        var (start, end) = (now - YearSeconds, now);
        var year = string.Create(CultureInfo.InvariantCulture, $"from={DateTimeOffset.FromUnixTimeSeconds(start):yyyy-MM-dd'T'HH:mm:ss'Z'}&to={DateTimeOffset.FromUnixTimeSeconds(end):yyyy-MM-dd'T'HH:mm:ss'Z'}");
        string[] paths =
        [
            "/nodes/1", "/nodes/1?range=7d", "/nodes/1?range=30d", $"/nodes/1?{year}", $"/nodes/1?{year}&by=hour", $"/nodes/1?{year}&by=readings", $"/nodes/1?{year}&by=quality",
            string.Create(CultureInfo.InvariantCulture, $"/api/nodes/1/series?from={start}&to={end}"), string.Create(CultureInfo.InvariantCulture, $"/api/nodes/1/statistics?start_time={start}&end_time={end}"),
        ];
        Console.WriteLine($"A year of readings every {Interval} s:\n| path | ms | CPU ms | kB |\n|---|---|---|---|");
        foreach (var (path, measured) in await MeasureAsync(server, paths)) Console.WriteLine($"| `{path}` | {Text(measured)} |");
    }

    private static string Text((double Milliseconds, double Cpu, long Bytes) measured) => $"{measured.Milliseconds:N0} | {measured.Cpu:N0} | {measured.Bytes / 1000.0:N0}";

    private static async Task<Dictionary<string, (double Milliseconds, double Cpu, long Bytes)>> MeasureAsync(int count, int readings)
    {
        using var folder = new TemporaryFolder();
        await using var server = await PublishedProgram.StartAsync(folder.File("nodes.db"), ("Ingest__MaxNodes", "1000000"));
        await FillAsync(server.Client, count, readings);
        var measured = await MeasureAsync(server, _paths);
        Console.WriteLine($"{readings} per node: memory of the server, anonymous / peak resident MiB: {server.Memory().Anonymous:N0} / {server.Memory().Peak:N0}");
        return measured;
    }

    private static async Task<Dictionary<string, (double Milliseconds, double Cpu, long Bytes)>> MeasureAsync(SensorDashProcess server, string[] paths)
    {
        while ((await server.Client.GetStringAsync(new Uri("/api/system/analytics", UriKind.Relative))) is var status
            && (status.Contains("catching_up", StringComparison.Ordinal) || !status.Contains("\"lag_rows\":0", StringComparison.Ordinal))) await Task.Delay(100);
        var measured = new Dictionary<string, (double, double, long)>();
        foreach (var path in paths)
        {
            await GetAsync(server.Client, path); // Not measured: fills caches and compiles code.
            var (times, cpu) = (new List<(double Milliseconds, long Bytes)>(), server.ProcessorTime);
            for (var round = 0; round < Rounds; round++) times.Add(await GetAsync(server.Client, path));
            var (milliseconds, bytes) = times.OrderBy(t => t.Milliseconds).ElementAt(Rounds / 2);
            measured[path] = (milliseconds, (server.ProcessorTime - cpu).TotalMilliseconds / Rounds, bytes);
        }
        return measured;
    }

    private static async Task FillAsync(HttpClient client, int count, int readings)
    {
        var watch = Stopwatch.StartNew();
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var lines = from hour in Enumerable.Range(0, readings)
                    from node in Enumerable.Range(1, count)
                    select string.Create(CultureInfo.InvariantCulture, $"m,node={node} temp={node % 40}.5 {now - ((readings - 1 - hour) * HourSeconds)}\n");
        var bytes = await PostAsync(client, lines);
        Console.WriteLine($"{readings} per node: {bytes / 1e6:0.0} MB of line protocol stored in {watch.Elapsed.TotalSeconds:0.0} s");
    }

    private static async Task<long> PostAsync(HttpClient client, IEnumerable<string> lines)
    {
        var bytes = 0L;
        foreach (var chunk in lines.Chunk(LinesPerRequest))
        {
            using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(string.Concat(chunk)));
            bytes += content.Headers.ContentLength!.Value;
            using var stored = await client.PostAsync(new Uri("/write?precision=s", UriKind.Relative), content);
            stored.EnsureSuccessStatusCode();
        }
        return bytes;
    }

    private static async Task<(double Milliseconds, long Bytes)> GetAsync(HttpClient client, string path)
    {
        var address = path.Split(' ')[0];
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, UriKind.Relative));
        if (!address.StartsWith("/api", StringComparison.Ordinal)) request.Headers.Accept.ParseAdd("text/html");
        if (address == path) request.Headers.Add("Cookie", "sensordash-zone=UTC"); // As a browser with scripts.
        var watch = Stopwatch.StartNew();
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        if ((int)response.StatusCode >= 500) throw new InvalidOperationException($"{path}: {(int)response.StatusCode}");
        return (watch.Elapsed.TotalMilliseconds, body.Length);
    }
}
