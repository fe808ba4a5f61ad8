using System.Globalization;
using System.Text;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Rows to send, none twice: readings of two hundred nodes, and events of the five lanes by turns.</summary>
internal sealed class SoakRows(SteppedClock clock)
{
    public const int Nodes = 200;

    // Metadata keys and views: of each, some rows outlive the retention.
    private const int Keys = 20;
    private const int UpdatesPerCheckpoint = 20;

    /// <summary>The lanes, in the order of their turns.</summary>
    public static IReadOnlyList<string> Lanes { get; } = ["metadata", "command", "ui", "parsed", "raw"];

    private readonly Lock _lock = new();
    private readonly long[] _lastTimes = new long[Nodes + 1];
    private long _number, _lastSource;
    private int _node;

    /// <param name="sums">By day of measurement.</param>
    public byte[] Readings(int count, out PeriodSums sums)
    {
        var (body, days) = (new StringBuilder(count * 130), new Dictionary<long, RowSum>());
        lock (_lock)
        {
            var now = clock.SteadyNow / 1_000_000;
            for (var i = 0; i < count; i++)
            {
                var node = _node = (_node % Nodes) + 1;
                var time = _lastTimes[node] = Math.Max(_lastTimes[node] + 1, now);
                var (temperature, humidity, flags) = (2000 + ((time / 60) + (node * 37)) % 900, 4000 + ((time / 7) % 2000), time % 4096);
                body.Append(CultureInfo.InvariantCulture, $"{{\"node_address\":{node},\"timestamp\":{time},\"temperature_centidegrees\":{temperature},\"humidity_centipercent\":{humidity},\"flags\":{flags}}}\n");
                if (!days.TryGetValue(time / 86_400, out var sum)) days[time / 86_400] = sum = new();
                sum.Add([node, time, temperature, humidity, flags]);
            }
        }
        sums = new();
        foreach (var (day, sum) in days) sums.Add(day, sum.Value.Rows, sum.Value.Sum);
        return Encoding.ASCII.GetBytes(body.ToString());
    }

    /// <param name="count">A multiple of the number of lanes.</param>
    /// <param name="sources">Sum of the source times by lane.</param>
    public byte[] Events(int count, out long[] sources)
    {
        var body = new StringBuilder(count * 300);
        sources = new long[Lanes.Count];
        lock (_lock)
        {
            for (var i = 0; i < count; i++)
            {
                var number = _number++;
                var source = _lastSource = Math.Max(_lastSource + 1, clock.SteadyNow);
                unchecked
                {
                    sources[number % Lanes.Count] += source;
                }
                Append(body, number, source);
            }
        }
        return Encoding.ASCII.GetBytes(body.ToString());
    }

    private static void Append(StringBuilder body, long number, long source)
    {
        var lane = (int)(number % Lanes.Count);
        var round = number / Lanes.Count;
        var key = round % Keys;
        body.Append(CultureInfo.InvariantCulture, $"{{\"lane\":\"{Lanes[lane]}\",\"scopeId\":\"soak\",\"sourceTruthTime\":\"{StoredTime.Utc(source):yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}\",");
        switch (lane)
        {
            case 0:
                body.Append(CultureInfo.InvariantCulture, $"\"messageType\":\"Descriptor\",\"streamId\":\"s{key}\",\"payload\":{{\"number\":{number},\"unit\":\"m/s\"}}");
                break;
            case 1 when round % 2 == 0:
                body.Append(CultureInfo.InvariantCulture, $"\"messageType\":\"CommandRequest\",\"requestId\":\"r{number}\",\"commandId\":\"c{number}\",\"targetId\":\"t{key}\",\"commandType\":\"set\",\"timelineMode\":\"live\",\"payload\":{{\"value\":{number}}}");
                break;
            case 1:
                body.Append(CultureInfo.InvariantCulture, $"\"messageType\":\"CommandProgress\",\"commandId\":\"c{number - Lanes.Count}\",\"targetId\":\"t{key}\",\"commandType\":\"set\",\"timelineMode\":\"live\",\"payload\":{{\"value\":{number}}}");
                break;
            case 2:
                body.Append(CultureInfo.InvariantCulture, $"\"messageType\":\"{(round / Keys % UpdatesPerCheckpoint == 0 ? "UiCheckpoint" : "UiUpdate")}\",\"systemId\":\"a\",\"containerId\":\"b\",\"uniqueId\":\"u{key}\",\"viewId\":\"v\",\"manifestId\":\"m\",\"manifestVersion\":\"1\",\"data\":{{\"number\":{number}}}");
                break;
            case 3:
                body.Append(CultureInfo.InvariantCulture, $"\"streamId\":\"s{key}\",\"streamType\":\"weather.wind\",\"schemaVersion\":\"1\",\"payload\":{{\"speed\":{number % 300},\"direction\":{number % 360},\"number\":{number}}}");
                break;
            default:
                body.Append(CultureInfo.InvariantCulture, $"\"connectionId\":\"c{key}\",\"sequence\":{number},\"bytes\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"");
                break;
        }
        body.Append("}\n");
    }
}
