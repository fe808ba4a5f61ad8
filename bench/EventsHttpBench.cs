using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Events as NDJSON over HTTP, durable before the response, into the stores of both engines, compared with bulk writing of raw events in the same run.</summary>
internal static class EventsHttpBench
{
    private const int Rounds = 3;
    private const int LinesPerRequest = 5_000;
    private const int LinesPerSmallRequest = 1_000;
    private const int PayloadBytes = 350;
    private const int Connections = 4;

    public static async Task<int> RunAsync(int count)
    {
        // Current times: SensorDash rejects future events, and the number of chunks must not affect the measurement.
        var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(-1);
        var raw = Bodies(count, number => RawLine(number, start));
        var mixed = Bodies(count, number => MixedLine(number, start));
        Console.WriteLine($"{count:N0} events, {LinesPerRequest:N0} per request, {Connections} connections; {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        Console.WriteLine("| round | engine | bulk writing of raw, events/s | raw over HTTP | ratio | mixed lanes of 300 bytes over HTTP |\n|---|---|---|---|---|---|");
        for (var round = 1; round <= Rounds; round++)
        {
            Report(round, "SQLite", await SqliteEventCeiling.MeasureAsync(count), await SqliteAsync(raw, count), await SqliteAsync(mixed, count));
            double ceiling;
            await using (var empty = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache)) ceiling = await EventCeiling.MeasureAsync(empty, count);
            Report(round, "TimescaleDB", ceiling, await TimescaleAsync(raw, count), await TimescaleAsync(mixed, count));
        }
        await CompareParsedWithRawAsync(count, start);
        return 0;
    }

    private static async Task CompareParsedWithRawAsync(int count, DateTimeOffset start)
    {
        var raw = Bodies(count, number => RawLine(number, start), LinesPerSmallRequest);
        var parsed = Bodies(count, number => ParsedLine(number, start), LinesPerSmallRequest);
        Console.WriteLine($"| round | TimescaleDB, {LinesPerSmallRequest:N0} per request: raw | parsed with {PayloadBytes} bytes of payload | ratio |\n|---|---|---|---|");
        for (var round = 1; round <= Rounds; round++)
        {
            var (ofRaw, ofParsed) = (await TimescaleAsync(raw, count), await TimescaleAsync(parsed, count));
            Console.WriteLine($"| {round} | {ofRaw:N0} | {ofParsed:N0} | {ofParsed / ofRaw:0.00} |");
        }
    }

    private static void Report(int round, string engine, double ceiling, double raw, double mixed)
        => Console.WriteLine($"| {round} | {engine} | {ceiling:N0} | {raw:N0} | {raw / ceiling:0.00} | {mixed:N0} |");

    private static async Task<double> SqliteAsync(byte[][] bodies, int count)
    {
        using var folder = new TemporaryFolder();
        await using var server = await PublishedProgram.StartAsync(folder.File("events.db"));
        return count / await PostAsync(server.Client, bodies, count);
    }

    private static async Task<double> TimescaleAsync(byte[][] bodies, int count)
    {
        using var folder = new TemporaryFolder();
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await using var server = await PublishedProgram.StartAsync(
            folder.File("unused.db"), [.. database.ProgramEnvironment, ("Analytics__Path", folder.File("side.duckdb"))]);
        return count / await PostAsync(server.Client, bodies, count);
    }

    private static async Task<double> PostAsync(HttpClient client, byte[][] bodies, int count)
    {
        var (next, inserted) = (-1, 0);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < bodies.Length;)
            {
                Interlocked.Add(ref inserted, await PostAsync(client, bodies[i]));
            }
        }));
        if (inserted != count) throw new InvalidOperationException($"{inserted} events are stored, not {count}.");
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>Posts one body of lines.</summary>
    /// <returns>Number of new events.</returns>
    public static async Task<int> PostAsync(HttpClient client, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var response = await client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("inserted").GetInt32();
    }

    private static byte[][] Bodies(int count, Func<int, string> line, int lines = LinesPerRequest)
        => [.. Enumerable.Range(0, count).Chunk(lines).Select(chunk => Encoding.UTF8.GetBytes(string.Concat(chunk.Select(number => line(number) + "\n"))))];

    private static string TimeOf(int number, DateTimeOffset start)
        => EventTime.Format((start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond + (number * (1_000_000L / SyntheticEvents.PerSecond)));

    public static string RawLine(int number, DateTimeOffset start)
    {
        var frame = new byte[64];
        new Random(number).NextBytes(frame);
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"lane":"raw","scopeId":"bench","sourceTruthTime":"{{TimeOf(number, start)}}","connectionId":"gateway-{{number % 50:00}}","sequence":{{number / 50}},"bytes":"{{Convert.ToBase64String(frame)}}"}""");
    }

    private static string ParsedLine(int number, DateTimeOffset start)
    {
        var content = Content(number, 180);
        content = Content(number, 180 + PayloadBytes - content.Length);
        return $$"""{"lane":"parsed","scopeId":"bench","sourceTruthTime":"{{TimeOf(number, start)}}","streamId":"stream-{{number % 50}}","streamType":"nav","schemaVersion":"1","payload":{{content}}}""";
    }

    private static string Content(int number, int noteLength) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"altitude":{{number % 4000}}.25,"fix":"3d","latitude":48.{{number % 100_000:00000}}1,"note":"{{new string((char)('a' + (number % 26)), noteLength)}}","number":{{number}},"satellites":[3,7,9,12,14,21],"speed":{{number % 90}}.5}""");

    // Four JSON lanes in turn, each with about 300 bytes of JSON.
    private static string MixedLine(int number, DateTimeOffset start)
    {
        var content = Content(number, 180);
        var common = $"\"scopeId\":\"bench\",\"sourceTruthTime\":\"{TimeOf(number, start)}\"";
        return (number % 4) switch
        {
            0 => $$"""{"lane":"parsed",{{common}},"streamId":"stream-{{number % 50}}","streamType":"nav","schemaVersion":"1","payload":{{content}}}""",
            1 => $$"""{"lane":"ui",{{common}},"messageType":"UiUpdate","systemId":"s","containerId":"c","uniqueId":"u{{number % 50}}","viewId":"v","manifestId":"m","manifestVersion":"1","data":{{content}}}""",
            2 => $$"""{"lane":"command",{{common}},"messageType":"CommandRequest","commandId":"c{{number}}","requestId":"r{{number}}","targetId":"t","commandType":"set","timelineMode":"live","payload":{{content}}}""",
            _ => $$"""{"lane":"metadata",{{common}},"messageType":"StreamInfo","streamId":"stream-{{number % 50}}","payload":{{content}}}""",
        };
    }
}
