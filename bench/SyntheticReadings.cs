using System.Globalization;
using System.Text;
using SensorDash.Data.Readings;

namespace SensorDash.Bench;

/// <summary>Readings as a hub sends them: every node every 30 s, in order of time. Deterministic per seed.</summary>
internal static class SyntheticReadings
{
    public const int DefaultNodes = 100;
    public const int Seed = 42;

    private const long Start = 1_700_000_000;

    public static IEnumerable<Reading> Take(int count, int nodes = DefaultNodes)
    {
        var random = new Random(Seed);
        for (var i = 0; i < count; i++)
        {
            yield return new Reading((i % nodes) + 1, Start + (i / nodes * 30L), (short)random.Next(-1_000, 4_000), (short)random.Next(10_001),
                0, Start + (i / nodes * 30L) + 2, null);
        }
    }

    public static byte[] Ndjson(ReadOnlySpan<Reading> readings)
    {
        var text = new StringBuilder(readings.Length * 130);
        foreach (var r in readings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{{\"node_address\":{r.NodeAddress},\"timestamp\":{r.Timestamp},");
            text.Append(CultureInfo.InvariantCulture, $"\"temperature_centidegrees\":{r.TemperatureCentidegrees},");
            text.Append(CultureInfo.InvariantCulture, $"\"humidity_centipercent\":{r.HumidityCentipercent},\"received_at\":{r.ReceivedAt}}}\n");
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
