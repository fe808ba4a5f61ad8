using System.Text.Json;

namespace SensorDash.Soak.Tests;

/// <summary>A stored event as a list returns it.</summary>
internal sealed record StoredEvent(string Id, long Canonical, long Source)
{
    /// <summary>All events of a store, in the order of a timebase.</summary>
    public static async Task<List<StoredEvent>> ReadAllAsync(HttpClient client, string timebase = "canonical")
    {
        var events = new List<StoredEvent>();
        for (var cursor = ""; ;)
        {
            using var page = JsonDocument.Parse(await client.GetStringAsync(new Uri($"/api/events?limit=10000&timebase={timebase}&cursor={cursor}", UriKind.Relative)));
            events.AddRange(page.RootElement.GetProperty("events").EnumerateArray().Select(e => new StoredEvent(
                e.GetProperty("eventId").GetString()!, Microseconds(e.GetProperty("canonicalTruthTime").GetString()!), Microseconds(e.GetProperty("sourceTruthTime").GetString()!))));
            if (page.RootElement.GetProperty("next").GetString() is not { } next) return events;
            cursor = next;
        }
    }

    public static long Microseconds(string time)
        => (DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture).UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
