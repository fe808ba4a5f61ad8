using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Streaming;

/// <summary>Events for tests of streams, recognised by their sequence.</summary>
internal static class StreamedEvents
{
    public const long Second = 1_000_000;
    public const long Noon = ManualTime.Noon * Second;

    /// <summary>Posts raw events.</summary>
    /// <param name="sourceTime">Source time of an event, Unix microseconds.</param>
    public static async Task AddAsync(HttpClient client, int first, int count, string connection = "c", Func<int, long>? sourceTime = null)
    {
        var events = Enumerable.Range(first, count).Select(i => new
        {
            lane = "raw",
            scopeId = "s",
            sourceTruthTime = EventTime.Format(sourceTime?.Invoke(i) ?? Noon - Second),
            connectionId = connection,
            sequence = i,
            bytes = Convert.ToBase64String(BitConverter.GetBytes(i)),
        });
        using var response = await client.PostAsJsonAsync("/api/events", events);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>Posts an event at each of these seconds of the hub's clock after noon.</summary>
    public static async Task AddAtAsync(SensorDashApp app, HttpClient client, params int[] seconds)
    {
        foreach (var second in seconds)
        {
            app.Clock.Advance(DateTimeOffset.FromUnixTimeSeconds(ManualTime.Noon + second) - app.Clock.Now);
            await AddAsync(client, second, 1);
        }
    }

    public static IEnumerable<long> SequencesOf(JsonElement chunk) => chunk.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64());
}
