using SensorDash.Bench;

switch (args)
{
    case ["ingest", .. var rest]:
        return await IngestBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000);
    case ["timescale", .. var rest]:
        return await TimescaleBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000);
    case ["events", .. var rest]:
        return await EventsBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000);
    case ["events-http", .. var rest]:
        return await EventsHttpBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 500_000);
    case ["export", .. var rest]:
        return await ExportBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 5_000_000);
    case ["analytics", .. var rest]:
        return await AnalyticsBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 10_000_000);
    default:
        await Console.Error.WriteLineAsync("dotnet run -c Release --project bench -- ingest [rows] | timescale [rows] | events [events] | events-http [events] | export [rows] | analytics [rows]");
        return 2;
}
