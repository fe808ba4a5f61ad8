using System.Globalization;
using System.Text;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Conformance;

/// <summary>A reading as it is sent and as it must come back; values in hundredths.</summary>
internal sealed record Sent(int Node, long Time, int? Celsius, int? Percent, uint Flags = 0, long? ReceivedAt = null, string? DeviceId = null)
{
    public long Received => ReceivedAt ?? ManualTime.Noon;
}

/// <summary>A request that fills the store.</summary>
internal sealed record Step(string Method, string Path, string Body, string MediaType);

/// <summary>The one data set of all engines: zero crossings, missing values, gaps, both clock changes of three zones, year ends, duplicates,
/// backlog, removed nodes and the ends of every value's range.</summary>
internal static class SentReadings
{
    public const long ParisSpring = 1_743_296_400, ParisAutumn = 1_761_440_400; // 2025-03-30 and 2025-10-26, 01:00 UTC.
    public const long LordHoweAutumn = 1_743_865_200, LordHoweSpring = 1_759_591_800; // 2025-04-05 15:00 and 2025-10-04 15:30 UTC: half an hour.
    public const long YearEnd = 1_767_225_600; // 2026-01-01 00:00 UTC.

    public const int Removed = 20, Revived = 21, Uneven = 9;

    private static readonly List<Step> _steps = [];
    private static readonly Dictionary<(int, long), Sent> _stored = [];

    static SentReadings()
    {
        var random = new Random(20_261_121);
        var around = new List<Sent>();
        foreach (var middle in (long[])[ParisSpring, LordHoweAutumn, LordHoweSpring, ParisAutumn, YearEnd])
            for (var node = 1; node <= 3; node++) around.AddRange(Around(middle, node, random));
        // Backlog: the newer half comes first, the older one in many small batches' disorder.
        var newest = around.OrderByDescending(r => r.Time).ToList();
        Post(newest[..(newest.Count / 2)]);
        Post([.. newest[(newest.Count / 2)..].OrderBy(_ => random.Next())]);
        // Sent again with other values: what was there first stays.
        Post([.. around.Where((_, i) => i % 50 == 0).Select(r => r with { Celsius = 9_999, Percent = 1 })]);
        Post([.. Special()]);
        Post([.. Quality(random)]);

        Post([.. Enumerable.Range(0, 40).SelectMany(i => (Sent[])[new(Removed, ParisSpring + (i * 60), 500 + i, null), new(Revived, YearEnd - (i * 60), i, i)])]);
        Delete(Removed);
        Delete(Revived);
        Post([new(Revived, YearEnd + 1, 0, 0), new(Revived, YearEnd - 60, -1, 1)]);

        Say("POST", "/api/zones", """{"name": "Attic, \"north\"", "color": "#12AB34"}""");
        Say("PUT", "/api/nodes/1/metadata", """{"name": "=cellar; damp", "location": "behind\nthe stairs", "zone_id": 1, "expected_interval_s": 300}""");
        Say("PUT", "/api/nodes/3/metadata", """{"name": "Grenier é", "zone_id": 1}""");

        Stored = [.. _stored.Values.OrderByDescending(r => r.Time).ThenBy(r => r.Node)];
        Nodes = [.. Stored.Select(r => r.Node).Distinct().Order()];
    }

    public static IReadOnlyList<Step> Steps => _steps;

    /// <summary>What the store must hold in the end, newest first, ties by node.</summary>
    public static IReadOnlyList<Sent> Stored { get; }

    public static IReadOnlyList<int> Nodes { get; }

    /// <summary>The hardware id that a node has told.</summary>
    public static string? DeviceIdOf(int node) => node == 8 ? "18446744073709551615" : null;

    // Two days at five minutes, now and then one missing, sometimes for hours, values around 0 °C, either quantity absent here and there.
    private static IEnumerable<Sent> Around(long middle, int node, Random random)
    {
        var silentUntil = 0L;
        for (var time = middle - 86_400 + (node * 7); time < middle + 86_400; time += 300)
        {
            if (random.Next(150) == 0) silentUntil = time + random.Next(20_000);
            if (time < silentUntil || random.Next(12) == 0) continue;
            var absent = random.Next(8);
            var celsius = node == 1 ? random.Next(-2, 3) : random.Next(-400, 400);
            yield return new(node, time, absent == 0 ? null : celsius, absent == 1 ? null : random.Next(10_001), (uint)random.Next(4));
        }
        // The seconds at the change itself, and exact hours for everyone, so that there are ties.
        yield return new(node, middle - 1, -1, 10_000);
        yield return new(node, middle, 0, 0);
        yield return new(node, middle + 1, 1, null);
    }

    private static IEnumerable<Sent> Special()
    {
        for (var i = 0; i < 7; i++) yield return new(4, YearEnd - 1800 + (i * 600), (i % 3) - 1, null); // Humidity never.
        for (var i = 0; i < 5; i++) yield return new(5, YearEnd + (i * 3600), null, i * 2500); // Temperature never.
        yield return new(6, 946_684_800, 2150, 4000); // One reading, the oldest possible.
        yield return new(7, YearEnd, -1, 1);
        yield return new(7, YearEnd + 60, 0, 0);
        yield return new(8, YearEnd, short.MinValue, 0, uint.MaxValue, YearEnd + 2, "18446744073709551615");
        yield return new(8, YearEnd + 1, short.MaxValue, 10_000, 0, YearEnd + 3);
        yield return new(int.MaxValue, ManualTime.Noon + 86_400, -5, 5); // The newest possible.
    }

    // A week of minutes with what the quality page looks for: outliers, a flat line, late and early arrivals, gaps.
    private static IEnumerable<Sent> Quality(Random random)
    {
        for (var i = 0; i < 3000; i++)
        {
            if (i is > 500 and < 530 or > 1500 and < 1503) continue;
            var time = ManualTime.Noon - 60 - ((3000 - i) * 60L);
            var celsius = i is > 800 and < 1000 ? 2000 : i % 700 == 3 ? 9000 : 2000 + random.Next(-50, 50);
            yield return new(Uneven, time, celsius, 4000 + random.Next(100), 0, time + (i % 400 == 7 ? 5000 : random.Next(-3, 4)));
        }
    }

    private static void Post(IReadOnlyCollection<Sent> readings)
    {
        var body = new StringBuilder();
        foreach (var r in readings)
        {
            _stored.TryAdd((r.Node, r.Time), r);
            body.Append(CultureInfo.InvariantCulture, $$"""
                {"node_address":{{r.Node}},"timestamp":{{r.Time}},"temperature_centidegrees":{{Json(r.Celsius)}},"humidity_centipercent":{{Json(r.Percent)}},"flags":{{r.Flags}}
                """);
            if (r.ReceivedAt is { } received) body.Append(CultureInfo.InvariantCulture, $",\"received_at\":{received}");
            if (r.DeviceId is { } device) body.Append(CultureInfo.InvariantCulture, $",\"device_id\":\"{device}\"");
            body.Append("}\n");
        }
        _steps.Add(new("POST", "/api/sensor-data", body.ToString(), "application/x-ndjson"));
    }

    private static void Delete(int node)
    {
        foreach (var key in _stored.Keys.Where(key => key.Item1 == node).ToList()) _stored.Remove(key);
        Say("DELETE", $"/api/nodes/{node}", "");
    }

    private static void Say(string method, string path, string body) => _steps.Add(new(method, path, body, "application/json"));

    private static string Json(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "null";
}
