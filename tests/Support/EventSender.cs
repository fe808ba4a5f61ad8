using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace SensorDash.Tests.Support;

/// <summary>Posts the events of a fixed row, one after the other, and remembers which were acknowledged. Every sender with the same first number posts the same row.</summary>
/// <param name="first">The number of the first event; its source time is as many milliseconds later.</param>
public sealed class EventSender(int first = 0)
{
    private readonly int _first = first;
    private int _next = first;
    private int _sent = first;

    /// <summary>Source times that a 200 has covered, Unix microseconds; an event is known by its own.</summary>
    public ConcurrentQueue<long> Acknowledged { get; } = new();

    /// <summary>Whether it has posted, or may have posted, the event of this source time.</summary>
    public bool HasSent(long microseconds) => microseconds >= MicrosecondsOf(_first) && microseconds < MicrosecondsOf(_sent);

    /// <summary>Posts the next <paramref name="count"/> events; whatever is not acknowledged is sent again by the next call.</summary>
    /// <returns>The status, or null when the connection broke.</returns>
    public async Task<HttpStatusCode?> PostAsync(HttpClient client, int count)
    {
        _sent = Math.Max(_sent, _next + count);
        var body = string.Concat(Enumerable.Range(_next, count).Select(Line));
        try
        {
            using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var response = await client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
            if (response.StatusCode != HttpStatusCode.OK) return response.StatusCode;
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            Assert.Equal(count, answer.RootElement.GetProperty("inserted").GetInt32() + answer.RootElement.GetProperty("duplicates").GetInt32());
            for (var end = _next + count; _next < end; _next++) Acknowledged.Enqueue(MicrosecondsOf(_next));
            return HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or TaskCanceledException)
        {
            return null;
        }
    }

    private static long MicrosecondsOf(int number) => TimeOf(number).ToUnixTimeMilliseconds() * 1000;

    private static DateTimeOffset TimeOf(int number) => new DateTimeOffset(2026, 1, 26, 10, 0, 0, TimeSpan.Zero).AddMilliseconds(number);

    // The lanes by turns; every second command is a request.
    private static string Line(int number)
    {
        var common = string.Create(CultureInfo.InvariantCulture, $"\"scopeId\":\"s\",\"sourceTruthTime\":\"{TimeOf(number):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\"");
        var request = number % 10 == 1 ? string.Create(CultureInfo.InvariantCulture, $"\"messageType\":\"CommandRequest\",\"requestId\":\"r{number}\"") : "\"messageType\":\"CommandProgress\"";
        var own = (number % 5) switch
        {
            0 => "\"lane\":\"metadata\",\"messageType\":\"Descriptor\",\"streamId\":\"a\",\"payload\":{}",
            1 => $"\"lane\":\"command\",{request},\"commandId\":\"c\",\"targetId\":\"t\",\"commandType\":\"set\",\"timelineMode\":\"live\",\"payload\":{{}}",
            2 => "\"lane\":\"ui\",\"messageType\":\"UiUpdate\",\"systemId\":\"a\",\"containerId\":\"b\",\"uniqueId\":\"c\",\"viewId\":\"d\",\"manifestId\":\"e\",\"manifestVersion\":\"1\",\"data\":{}",
            3 => "\"lane\":\"parsed\",\"streamId\":\"a\",\"streamType\":\"b\",\"schemaVersion\":\"1\",\"payload\":{}",
            _ => "\"lane\":\"raw\",\"connectionId\":\"c\",\"sequence\":0,\"bytes\":\"AAEC\"",
        };
        return $"{{{common},{own}}}\n";
    }
}
