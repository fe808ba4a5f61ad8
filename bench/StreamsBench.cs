using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using SensorDash.Data.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Live streams while events arrive: delivery after the commit, the response of ingest with and without streams, memory.</summary>
/// <remarks>Server, senders and clients share the machine, so the figures are upper limits; the clients of streams have a lower priority.</remarks>
internal static class StreamsBench
{
    private const int EventsPerRequest = 50;
    private const int RequestsPerSecond = 100;
    internal const int EventConnections = 50;
    private const int Unfiltered = 20, Filtered = 180, Stalled = 10;
    private const int Askers = 20;
    private const int WarmUpSeconds = 10;
    private static readonly TimeSpan _betweenQueries = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync(int seconds)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{EventsPerRequest * RequestsPerSecond:N0} events/s for {seconds} s; {Environment.ProcessorCount} cores, .NET {Environment.Version}"));
        Console.WriteLine("| engine | streams | ingest p50 / p95, ms | delivered after commit p50 / p95, ms | messages | server CPU, s | server memory, MiB | query of a second p50 / p95, ms |\n|---|---|---|---|---|---|---|---|");
        using (var folder = new TemporaryFolder())
        {
            await using var server = await PublishedProgram.StartAsync(folder.File("events.db"), ("Analytics__Enabled", "false"));
            await MeasureAsync("SQLite", server, seconds);
        }
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        using var files = new TemporaryFolder();
        await using var timescale = await PublishedProgram.StartAsync(files.File("events.db"), [.. database.ProgramEnvironment, ("Analytics__Enabled", "false")]);
        await MeasureAsync("TimescaleDB", timescale, seconds);
        return 0;
    }

    private static async Task MeasureAsync(string engine, SensorDashProcess server, int seconds)
    {
        await RoundAsync(engine, server, seconds, 0, 0, 0);
        await RoundAsync(engine, server, seconds, Unfiltered, 0, 0);
        await RoundAsync(engine, server, seconds, Unfiltered, Filtered, Stalled);
        await RoundAsync(engine, server, seconds, Unfiltered, 0, 0, Askers);
    }

    private static async Task RoundAsync(string engine, SensorDashProcess server, int seconds, int unfiltered, int filtered, int stalled, int askers = 0)
    {
        using var stop = new CancellationTokenSource();
        await using var followers = await StreamFollowers.StartAsync(server.Client.BaseAddress!, unfiltered, filtered);
        var dead = new List<Stream>();
        for (var i = 0; i < stalled; i++) dead.Add(await server.Client.GetStreamAsync(new Uri("/api/events/live", UriKind.Relative), CancellationToken.None));
        var queries = new List<double>();
        var asking = Enumerable.Range(0, askers).Select(i => AskAsync(server.Client, i, queries, stop.Token)).ToArray();
        await SendAsync(server.Client, WarmUpSeconds); // The compiler works meanwhile, on the same processors.
        await followers.ClearAsync();
        lock (queries) queries.Clear();
        var cpu = server.ProcessorTime;

        var answers = await SendAsync(server.Client, seconds);

        cpu = server.ProcessorTime - cpu;
        var memory = server.Memory().Anonymous;
        await stop.CancelAsync();
        await Task.WhenAll(asking);
        var (messages, delays) = await followers.EndAsync();
        foreach (var stream in dead) await stream.DisposeAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {engine} | {unfiltered} + {filtered} filtered + {stalled} stalled | {Percentiles(answers)} | {delays} | {messages:N0} | {cpu.TotalSeconds:0.0} | {memory:0} | {Percentiles(queries)} |"));
    }

    // Each client asks for what one connection sent in one second of the last minute, ten times a second, all at different moments.
    private static async Task AskAsync(HttpClient client, int number, List<double> queries, CancellationToken stop)
    {
        try
        {
            await Task.Delay(_betweenQueries * number / Askers, stop);
            for (var round = 0; ; round++)
            {
                var to = TimeProvider.System.GetUtcNow().AddSeconds(-1 - ((number + round) % 30));
                var watch = Stopwatch.StartNew();
                using var response = await client.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture,
                    $"/api/events?lanes=raw&connectionId=c{number}&from={to.AddSeconds(-1):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}&to={to:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}"), UriKind.Relative), stop);
                response.EnsureSuccessStatusCode();
                lock (queries) queries.Add(watch.Elapsed.TotalMilliseconds);
                await Task.Delay(_betweenQueries, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the round.
        }
    }

    // At a fixed rate; a late request does not delay those after it.
    private static async Task<List<double>> SendAsync(HttpClient client, int seconds)
    {
        var answers = new List<double>();
        var requests = new List<Task>();
        var started = Stopwatch.StartNew();
        for (var number = 0; number < seconds * RequestsPerSecond; number++)
        {
            var due = TimeSpan.FromSeconds((double)number / RequestsPerSecond) - started.Elapsed;
            if (due > TimeSpan.Zero) await Task.Delay(due);
            requests.Add(PostAsync(number));
        }
        await Task.WhenAll(requests);
        return answers;

        async Task PostAsync(int number)
        {
            var watch = Stopwatch.StartNew();
            using var content = new ByteArrayContent(Body(number));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var response = await client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
            response.EnsureSuccessStatusCode();
            lock (answers) answers.Add(watch.Elapsed.TotalMilliseconds);
        }
    }

    private static byte[] Body(int number)
    {
        var text = new StringBuilder();
        var time = EventTime.Format((TimeProvider.System.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
        for (var i = 0; i < EventsPerRequest; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                {"lane":"raw","scopeId":"s","sourceTruthTime":"{{time}}","connectionId":"c{{i % EventConnections}}","sequence":{{number}},"bytes":"JFdJTVdWLDIxNC44LFIsMC4xLEssQSoyOA=="}
                """).Append('\n');
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>p50 and p95.</summary>
    internal static string Percentiles(List<double> values)
    {
        if (values.Count == 0) return "–";
        values.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"{values[values.Count / 2]:0.0} / {values[(int)(values.Count * 0.95)]:0.0}");
    }
}
