using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Export;

/// <summary>The metadata of the nodes, for the columns that contain it.</summary>
public sealed record NodeLabels(IReadOnlyDictionary<int, NodeLabel> Nodes)
{
    internal string? NameOf(int node) => Nodes.GetValueOrDefault(node)?.Name;

    internal string? LocationOf(int node) => Nodes.GetValueOrDefault(node)?.Location;

    internal string? ZoneOf(int node) => Nodes.GetValueOrDefault(node)?.Zone;
}

/// <summary>All columns: a name and how its cell is written.</summary>
public static class CsvColumns
{
    internal delegate void WriteCell<T>(CsvLine line, in T row, NodeLabels labels);

    private static readonly Dictionary<string, WriteCell<Reading>> _raw = new()
    {
        ["node_address"] = (CsvLine line, in Reading r, NodeLabels _) => line.Number(r.NodeAddress),
        ["device_id"] = (CsvLine line, in Reading r, NodeLabels _) => line.Number(r.DeviceId),
        ["timestamp"] = (CsvLine line, in Reading r, NodeLabels _) => line.Time(r.Timestamp),
        ["temperature_celsius"] = (CsvLine line, in Reading r, NodeLabels _) => line.Hundredths(r.TemperatureCentidegrees),
        ["humidity_percent"] = (CsvLine line, in Reading r, NodeLabels _) => line.Hundredths(r.HumidityCentipercent),
        ["flags"] = (CsvLine line, in Reading r, NodeLabels _) => line.Number(r.Flags),
        ["received_at"] = (CsvLine line, in Reading r, NodeLabels _) => line.Time(r.ReceivedAt),
        ["temperature_raw"] = (CsvLine line, in Reading r, NodeLabels _) => line.Number(r.TemperatureCentidegrees),
        ["humidity_raw"] = (CsvLine line, in Reading r, NodeLabels _) => line.Number(r.HumidityCentipercent),
        ["node_name"] = (CsvLine line, in Reading r, NodeLabels labels) => line.Text(labels.NameOf(r.NodeAddress)),
        ["location"] = (CsvLine line, in Reading r, NodeLabels labels) => line.Text(labels.LocationOf(r.NodeAddress)),
        ["zone"] = (CsvLine line, in Reading r, NodeLabels labels) => line.Text(labels.ZoneOf(r.NodeAddress)),
    };

    private static readonly Dictionary<string, WriteCell<NodeBucket>> _buckets = new()
    {
        ["node_address"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Number(b.NodeAddress),
        ["device_id"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Number(b.DeviceId),
        ["bucket_start"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Time(b.Bucket.Start),
        ["bucket_end"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Time(b.Bucket.End),
        ["reading_count"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Number(b.Count),
        ["temperature_min_celsius"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Temperature.Min, 2),
        ["temperature_avg_celsius"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Temperature.Average, 2),
        ["temperature_max_celsius"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Temperature.Max, 2),
        ["temperature_p50_celsius"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Temperature.Percentiles[0], 4),
        ["temperature_p95_celsius"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Temperature.Percentiles[1], 4),
        ["temperature_p99_celsius"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Temperature.Percentiles[2], 4),
        ["humidity_min_percent"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Humidity.Min, 2),
        ["humidity_avg_percent"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Humidity.Average, 2),
        ["humidity_max_percent"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Humidity.Max, 2),
        ["humidity_p50_percent"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Humidity.Percentiles[0], 4),
        ["humidity_p95_percent"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Humidity.Percentiles[1], 4),
        ["humidity_p99_percent"] = (CsvLine line, in NodeBucket b, NodeLabels _) => line.Decimal(b.Humidity.Percentiles[2], 4),
        ["node_name"] = (CsvLine line, in NodeBucket b, NodeLabels labels) => line.Text(labels.NameOf(b.NodeAddress)),
        ["location"] = (CsvLine line, in NodeBucket b, NodeLabels labels) => line.Text(labels.LocationOf(b.NodeAddress)),
        ["zone"] = (CsvLine line, in NodeBucket b, NodeLabels labels) => line.Text(labels.ZoneOf(b.NodeAddress)),
    };

    // Columns that are not in a file by default.
    private static readonly HashSet<string> _extras = ["received_at", "temperature_raw", "humidity_raw", "node_name", "location", "zone"];

    /// <summary>All columns of a resolution.</summary>
    public static IReadOnlyCollection<string> All(CsvResolution resolution) => resolution == CsvResolution.Raw ? _raw.Keys : _buckets.Keys;

    /// <summary>The default columns of a file.</summary>
    public static IReadOnlyList<string> Default(CsvResolution resolution) => [.. All(resolution).Where(c => !_extras.Contains(c))];

    internal static WriteCell<Reading>[] OfReadings(IEnumerable<string> names) => [.. names.Select(n => _raw[n])];

    internal static WriteCell<NodeBucket>[] OfBuckets(IEnumerable<string> names) => [.. names.Select(n => _buckets[n])];
}
