using System.Globalization;
using System.Text;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>Fills a store as senders do: readings of four nodes, and a third as many events, of every lane.</summary>
/// <param name="app">The program on the store.</param>
/// <param name="hasLongEvents">Some events have more bytes than PostgreSQL keeps in the row itself.</param>
internal sealed class Filling(SensorDashApp app, bool hasLongEvents = false)
{
    private const int ReadingsAtOnce = 300, EventsAtOnce = 100;

    private readonly Random _random = AttackSize.RandomOf("stored data", 0);
    private int _sent;

    /// <summary>Sends so many more readings.</summary>
    public async Task SendAsync(int count)
    {
        using var client = app.CreateClient();
        for (var end = _sent + count; _sent < end; _sent += ReadingsAtOnce)
        {
            var readings = string.Join(',', Enumerable.Range(_sent, ReadingsAtOnce).Select(n => string.Create(CultureInfo.InvariantCulture,
                $$"""{"node_address":{{(n % 4) + 1}},"timestamp":{{Some.Noon - 86_400 + (n / 4 * 30)}},"temperature_centidegrees":{{_random.Next(-2000, 4000)}},"humidity_centipercent":{{_random.Next(0, 10_000)}},"flags":{{_random.Next(0, 8)}}}""")));
            await SendAsync(client, "/api/sensor-data", $"[{readings}]");
            var events = string.Join('\n', Enumerable.Range(_sent, EventsAtOnce).Select(EventOf));
            await SendAsync(client, "/api/events", events);
        }
    }

    private string EventOf(int n)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(Some.Noon - 3_600 + n).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var common = $"\"scopeId\":\"hub\",\"sourceTruthTime\":\"{time}\"";
        var isLong = hasLongEvents && n % 25 is 0 or 1;
        var bytes = new byte[isLong ? _random.Next(2_500, 6_000) : _random.Next(1, 200)];
        _random.NextBytes(bytes);
        var json = string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{n}},"text":"{{Convert.ToHexString(bytes)}}"}""");
        return (n % 5) switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $$"""{"lane":"raw",{{common}},"connectionId":"c{{n % 3}}","sequence":{{n}},"bytes":"{{Convert.ToBase64String(bytes)}}"}"""),
            1 => $$"""{"lane":"parsed",{{common}},"streamId":"s{{n % 4}}","streamType":"nav","schemaVersion":"1.0","payload":{{json}}}""",
            2 => $$"""{"lane":"ui",{{common}},"messageType":"UiUpdate","systemId":"sys","containerId":"con","uniqueId":"u","viewId":"v{{n % 3}}","manifestId":"m","manifestVersion":"1","data":{{json}}}""",
            3 => string.Create(CultureInfo.InvariantCulture, $$"""{"lane":"command",{{common}},"messageType":"CommandRequest","commandId":"c{{n}}","requestId":"r{{n}}","targetId":"t","commandType":"set","timelineMode":"live","payload":{{json}}}"""),
            _ => $$"""{"lane":"metadata",{{common}},"messageType":"Descriptor","streamId":"s{{n % 4}}","payload":{{json}}}""",
        };
    }

    private static async Task SendAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, path == "/api/events" ? "application/x-ndjson" : "application/json");
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
