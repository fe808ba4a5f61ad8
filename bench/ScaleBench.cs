using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Fills each engine with events and readings over HTTP and measures whether it slows down: ingest rate per million, a one-second window of events and one
/// node's day of readings at a fiftieth, a fifth and all of the rows, bytes per row, start-up, memory.</summary>
internal static class ScaleBench
{
    private const int Nodes = 500;
    private const int LinesPerRequest = 5_000;
    private const int Connections = 4;
    private const int Queries = 200;
    private const int Unmeasured = 20; // The first queries after a fill also load caches.
    private const int Interval = 30;
    private const int Day = 86_400;

    private static readonly int[] _shares = [50, 5, 1];

    public static async Task<int> RunAsync(int count)
    {
        Console.WriteLine($"{count:N0} raw events of 64 bytes and {count:N0} readings of {Nodes} nodes, {LinesPerRequest:N0} per request, {Connections} connections; {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        using (var folder = new TemporaryFolder())
        {
            var place = new Place("SQLite", folder, [], () => Task.FromResult(SizeOf(folder)));
            await RunAsync(place, Rows.Events(count), Rows.Readings(count));
        }
        using (var folder = new TemporaryFolder())
        {
            var place = new Place("DuckDB", folder, [("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", folder.File("readings.duckdb"))], () => Task.FromResult(SizeOf(folder)));
            await RunAsync(place, Rows.Readings(count));
        }
        using (var folder = new TemporaryFolder())
        {
            await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
            var place = new Place("TimescaleDB", folder, [.. database.ProgramEnvironment, ("Analytics__Path", folder.File("side.duckdb"))],
                () => database.ScalarAsync("SELECT pg_database_size(current_database())"));
            await RunAsync(place, Rows.Events(count), Rows.Readings(count));
        }
        using (var folder = new TemporaryFolder())
        {
            await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
            var place = new Place(
                "TimescaleDB with NodeIndex", folder,
                [.. database.ProgramEnvironment, ("Database__Timescale__NodeIndex", "true"), ("Analytics__Path", folder.File("side.duckdb"))],
                () => database.ScalarAsync("SELECT pg_database_size(current_database())"));
            await RunAsync(place, Rows.Readings(count));
        }
        return 0;
    }

    private static async Task RunAsync(Place place, params Rows[] kinds)
    {
        await using (var server = await place.StartAsync())
        {
            foreach (var rows in kinds) await FillAsync(place, server.Client, rows);
            Console.WriteLine($"{place.Engine}: {server.Memory().Anonymous:0} MiB anonymous memory after filling, {server.Memory().Peak:0} MiB peak");
        }
        var watch = Stopwatch.StartNew();
        await using var again = await place.StartAsync();
        Console.WriteLine($"{place.Engine}: started in {watch.Elapsed.TotalSeconds:0.0} s, {again.Memory().Peak:0} MiB peak");
    }

    private static async Task FillAsync(Place place, HttpClient client, Rows rows)
    {
        var size = await place.SizeAsync();
        var rates = new List<double>();
        var step = Math.Max(1, rows.Count / _shares[0]);
        for (var start = 0; start < rows.Count; start += step)
        {
            var bodies = Enumerable.Range(start, Math.Min(step, rows.Count - start)).Chunk(LinesPerRequest)
                .Select(chunk => Encoding.UTF8.GetBytes(string.Concat(chunk.Select(number => rows.Line(number) + "\n")))).ToArray();
            rates.Add(Math.Min(step, rows.Count - start) / await PostAsync(client, rows, bodies));
            if (_shares.Any(share => rows.Count / share == start + step)) await AskAsync(place, client, rows, start + step);
        }
        Console.WriteLine(FormattableString.Invariant(
            $"{place.Engine}, {rows.Name}: first {step:N0} at {rates[0]:N0} rows/s, last at {rates[^1]:N0} ({rates[^1] / rates[0]:0.00}), median of all {rates.Order().ElementAt(rates.Count / 2):N0}, slowest {rates.Min():N0}; {(await place.SizeAsync() - size) / (double)rows.Count:0} bytes per row"));
    }

    private static async Task<double> PostAsync(HttpClient client, Rows rows, byte[][] bodies)
    {
        var next = -1;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < bodies.Length;)
            {
                using var content = new ByteArrayContent(bodies[i]);
                content.Headers.ContentType = new MediaTypeHeaderValue(rows.MediaType);
                using var response = await client.PostAsync(new Uri(rows.Path, UriKind.Relative), content);
                response.EnsureSuccessStatusCode();
            }
        }));
        return watch.Elapsed.TotalSeconds;
    }

    private static async Task AskAsync(Place place, HttpClient client, Rows rows, int stored)
    {
        var random = new Random(7);
        var times = new List<double>();
        for (var i = -Unmeasured; i < Queries; i++)
        {
            var question = rows.Question(random, stored);
            var watch = Stopwatch.StartNew();
            using var response = await client.GetAsync(new Uri(question, UriKind.Relative));
            response.EnsureSuccessStatusCode();
            if (i >= 0) times.Add(watch.Elapsed.TotalMilliseconds);
        }
        times.Sort();
        Console.WriteLine(FormattableString.Invariant(
            $"{place.Engine}, {rows.Name}, {rows.QuestionName} at {stored:N0}: p50 {times[Queries / 2]:0.0} ms, p95 {times[Queries * 95 / 100]:0.0} ms"));
    }

    private static long SizeOf(TemporaryFolder folder)
        => Directory.EnumerateFiles(Path.GetDirectoryName(folder.File("x"))!, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    private sealed record Place(string Engine, TemporaryFolder Folder, (string Name, string Value)[] Settings, Func<Task<long>> SizeAsync)
    {
        public Task<SensorDashProcess> StartAsync() => PublishedProgram.StartAsync(Folder.File("sensordash.db"), Settings);
    }

    /// <summary>One kind of rows: how they are sent, and the question asked of them.</summary>
    private sealed record Rows(
        string Name, int Count, string Path, string MediaType, Func<int, string> Line, string QuestionName, Func<Random, int, string> Question)
    {
        // Times that have passed: SensorDash rejects future events.
        public static Rows Events(int count)
        {
            var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddSeconds(-(count / SyntheticEvents.PerSecond) - 1);
            return new("events", count, "/api/events", "application/x-ndjson", number => EventsHttpBench.RawLine(number, start), "1,000 of a second", (random, stored) =>
            {
                var second = start.AddSeconds(random.Next(stored / SyntheticEvents.PerSecond));
                return $"/api/events?timebase=source&limit=1000&from={Text(second)}&to={Text(second.AddSeconds(1))}";
            });
        }

        public static Rows Readings(int count)
        {
            var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddSeconds(-(count / Nodes * Interval) - 1).ToUnixTimeSeconds();
            return new("readings", count, "/write?precision=s", "text/plain",
                number => string.Create(CultureInfo.InvariantCulture, $"climate,node={(number % Nodes) + 1} temp={15 + (number * 7919L % 1000 / 100m):0.00},hum={40 + (number * 6007L % 3000 / 100m):0.00} {start + (number / Nodes * Interval)}"),
                "one node's day", (random, stored) =>
                {
                    var from = start + random.Next(Math.Max(1, (stored / Nodes * Interval) - Day));
                    return string.Create(CultureInfo.InvariantCulture, $"/api/nodes/{random.Next(1, Nodes + 1)}/sensor-data?limit=10000&start_time={from}&end_time={from + Day}");
                });
        }

        private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}
