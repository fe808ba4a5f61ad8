using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace SensorDash.Tests.Support;

/// <summary>A node that posts readings of its own and remembers which were acknowledged.</summary>
public sealed class Sender(int node)
{
    private const long Start = 1_700_000_000;
    private long _next = Start;
    private long _sent = Start;

    public int Node => node;

    /// <summary>Whether it has posted, or may have posted, a reading of this time.</summary>
    public bool HasSent(long time) => time >= Start && time < _sent;

    /// <summary>Measured times that a 200 has covered.</summary>
    public ConcurrentQueue<long> Acknowledged { get; } = new();

    /// <summary>Posts the next <paramref name="count"/> readings; whatever is not acknowledged is sent again by the next call.</summary>
    /// <returns>The status, or null when the connection broke.</returns>
    public async Task<HttpStatusCode?> PostAsync(HttpClient client, int count)
    {
        _sent = Math.Max(_sent, _next + count);
        var body = new StringBuilder();
        for (var time = _next; time < _next + count; time++)
            body.Append(CultureInfo.InvariantCulture, $"{{\"node_address\":{node},\"timestamp\":{time}{ValuesOf(time)},\"flags\":{time % 4096}}}\n");
        try
        {
            using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body.ToString()));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var response = await client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
            if (response.StatusCode != HttpStatusCode.OK) return response.StatusCode;
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            var covered = answer.RootElement.GetProperty("inserted").GetInt32() + answer.RootElement.GetProperty("duplicates").GetInt32();
            Assert.Equal(count, covered);
            for (var time = _next; time < _next + count; time++) Acknowledged.Enqueue(time);
            _next += count;
            return HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Posts the next <paramref name="count"/> readings to a server that works: it may be slow, on a busy machine, but refuses nothing before its time is up.</summary>
    public Task PostToWorkingServerAsync(HttpClient client, int count, TimeSpan ackTimeout) => WaitFor.TrueAsync("the readings are acknowledged", async () =>
    {
        var watch = Stopwatch.StartNew();
        var status = await PostAsync(client, count);
        Assert.True(status is HttpStatusCode.OK || (status is HttpStatusCode.ServiceUnavailable && watch.Elapsed > ackTimeout * 0.9), $"{status} after {watch.Elapsed}");
        return status is HttpStatusCode.OK;
    });

    /// <summary>The reading that it posts for a time: hundredths, and null where a value is missing.</summary>
    public static (long? Centidegrees, long? Centipercent, long Flags) ReadingOf(long time)
        => (time % 7 == 3 ? null : (time % 50 * 100) + 25, time % 7 == 5 ? null : (time % 90 * 100) + 50, time % 4096);

    private static string ValuesOf(long time)
    {
        var (temperature, humidity, _) = ReadingOf(time);
        return (temperature is null ? "" : FormattableString.Invariant($",\"temperature_celsius\":{temperature / 100}.25"))
            + (humidity is null ? "" : FormattableString.Invariant($",\"humidity_percent\":{humidity / 100}.5"));
    }
}
