using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Replays at several rates at once: when each window of a second arrives, compared with when it is due after the start of the stream.</summary>
internal static class PacingBench
{
    private static readonly double[] _rates = [0.5, 1, 10];
    private static readonly DateTimeOffset _start = new(2026, 1, 26, 10, 0, 0, TimeSpan.Zero);

    public static async Task<int> RunAsync(int seconds)
    {
        using var folder = new TemporaryFolder();
        await using var server = await PublishedProgram.StartAsync(folder.File("events.db"), ("Analytics__Enabled", "false"));
        await PostAsync(server.Client, (int)(seconds * _rates.Max()) + 1);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} s, all rates at once; {Environment.ProcessorCount} cores, .NET {Environment.Version}"));
        foreach (var rate in _rates) await PlayAsync(server.Client.BaseAddress!, rate, 3); // Not measured: compiles code.
        Console.WriteLine("| rate | windows | error p50 / p95 / worst, ms | at the end, ms |\n|---|---|---|---|");
        foreach (var line in await Task.WhenAll(_rates.Select(rate => PlayAsync(server.Client.BaseAddress!, rate, seconds)))) Console.WriteLine(line);
        return 0;
    }

    private static async Task<string> PlayAsync(Uri address, double rate, int seconds)
    {
        await using var socket = await SocketClient.OpenAsync(address);
        await socket.SendTextAsync(SocketClient.Start(("startTime", Microseconds(0)), ("rate", rate), ("timebase", "source")).ToJsonString());
        await socket.ReadAsync("streamStarted");
        var watch = Stopwatch.StartNew();
        var errors = new List<double>();
        var last = 0.0;
        while (watch.Elapsed.TotalSeconds < seconds && await socket.TryReadAsync() is { } message)
        {
            var now = watch.Elapsed.TotalMilliseconds;
            if (message.GetProperty("type").GetString() != "streamChunk" || message.GetProperty("events").GetArrayLength() == 0) continue;
            var number = message.GetProperty("events")[0].GetProperty("sequence").GetInt32();
            last = now - (number * 1000 / rate);
            errors.Add(Math.Abs(last));
        }
        errors.Sort();
        return string.Create(CultureInfo.InvariantCulture,
            $"| {rate} | {errors.Count:N0} | {errors[errors.Count / 2]:0.0} / {errors[(int)(errors.Count * 0.95)]:0.0} / {errors[^1]:0.0} | {last:0.0} |");
    }

    // One event in the middle of each second.
    private static async Task PostAsync(HttpClient client, int events)
    {
        const int Batch = 5_000;
        for (var from = 0; from < events; from += Batch)
        {
            var text = new StringBuilder();
            for (var i = from; i < Math.Min(events, from + Batch); i++)
            {
                text.Append(CultureInfo.InvariantCulture, $$"""
                    {"lane":"raw","scopeId":"s","sourceTruthTime":"{{EventTime.Format(Microseconds(i + 0.5))}}","connectionId":"c","sequence":{{i}},"bytes":"AAEC"}
                    """).Append('\n');
            }
            using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(text.ToString()));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var response = await client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
            response.EnsureSuccessStatusCode();
        }
    }

    private static long Microseconds(double seconds) => (_start.AddSeconds(seconds).UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
