using System.Globalization;
using SensorDash.Bench;

if (args is ["follow", var server, var unfiltered, var filtered]) // A process of "streams".
    return await StreamFollowers.RunAsync(new Uri(server), int.Parse(unfiltered, CultureInfo.InvariantCulture), int.Parse(filtered, CultureInfo.InvariantCulture));

(string Name, int Count, Func<int, Task<int>> RunAsync)[] benches =
[
    ("ingest", 1_000_000, IngestBench.RunAsync),
    ("line-protocol", 1_000_000, LineProtocolBench.RunAsync),
    ("timescale", 1_000_000, TimescaleBench.RunAsync),
    ("events", 10_000_000, EventsBench.RunAsync),
    ("events-http", 500_000, EventsHttpBench.RunAsync),
    ("events-soak", 20, EventsSoak.RunAsync),
    ("streams", 30, StreamsBench.RunAsync),
    ("pacing", 600, PacingBench.RunAsync),
    ("export", 5_000_000, ExportBench.RunAsync),
    ("analytics", 10_000_000, AnalyticsBench.RunAsync),
    ("nodes", 50_000, NodesBench.RunAsync),
    ("batches", 5_000_000, BatchesBench.RunAsync),
    ("transfer", 10_000_000, TransferBench.RunAsync),
    ("scale", 50_000_000, ScaleBench.RunAsync),
];
var chosen = benches.FirstOrDefault(b => args is [var name, ..] && name == b.Name);
var count = chosen.Count;
if (chosen.Name is not null && (args.Length == 1 || (args.Length == 2 && int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0)))
    return await chosen.RunAsync(count);
await Console.Error.WriteLineAsync($"dotnet run -c Release --project bench -- {string.Join(" | ", benches.Select(b => $"{b.Name} [{b.Count}]"))}");
return 2;
