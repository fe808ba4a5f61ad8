namespace SensorDash.Web.Tests.Conformance;

/// <summary>Every GET of the sensor API, with filters, pages, zones, limits and faults: asked of each engine, the answers must be one text.</summary>
internal static class Questions
{
    private const long Start = SentReadings.ParisAutumn - 40_000, End = SentReadings.YearEnd + 40_000;

    private static readonly string[] _zones = ["UTC", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata"];

    private static readonly string _range = FormattableString.Invariant($"start_time={Start}&end_time={End}");

    /// <summary>Questions that the engine for many readings answers.</summary>
    public static IEnumerable<string> OverManyReadings()
    {
        foreach (var zone in _zones)
        {
            foreach (var unit in (string[])["hourly", "daily"])
            {
                yield return $"/api/nodes/2/statistics/{unit}?tz={zone}&limit=10000";
                yield return $"/api/nodes/1/statistics/{unit}?tz={zone}&limit=7&{_range}";
                yield return $"/api/sensor-data/export?resolution={unit}&tz={zone}&time=local";
                yield return $"/api/sensor-data/export?resolution={unit}&tz={zone}&order=asc&node_address=3&{_range}&footer=1";
            }
            yield return $"/api/fleet/hours?tz={zone}&from={SentReadings.ParisSpring - 50_000}&to={End}";
        }
        foreach (var node in SentReadings.Nodes)
        {
            yield return $"/api/nodes/{node}/statistics";
            yield return $"/api/nodes/{node}/percentiles?p=0,0.01,0.5,33.33,50,99.9,99.99,100";
            yield return $"/api/nodes/{node}/statistics/daily";
        }
        yield return $"/api/nodes/2/statistics?{_range}";
        yield return "/api/nodes/2/statistics?start_time=5&end_time=6";
        yield return $"/api/nodes/2/percentiles?{_range}";
        yield return "/api/nodes/2/percentiles?start_time=5&end_time=6";
        yield return "/api/nodes/2/statistics/hourly?start_time=5&end_time=6";
        yield return $"/api/fleet/series?from={Start}&to={End}";
        yield return $"/api/fleet/series?from={Start}&to={End}&points=7&nodes=1,7,8";
        yield return $"/api/fleet/series?from={Start}&to={End}&points=500&zone_id=1";
        yield return $"/api/fleet/series?from={Start}&to={End}&nodes=2&zone_id=1";
        yield return $"/api/fleet/series?from={Start}&to={End}&across=readings";
        yield return $"/api/fleet/hours?from={Start}&to={End}&across=readings";
        yield return "/api/fleet/series?from=5&to=6";
        yield return "/api/fleet/series";
        yield return "/api/fleet/hours";
        yield return $"/api/fleet/hours?zone_id=1&from={Start}&to={End}";
        yield return "/api/quality";
        yield return $"/api/quality?{_range}";
        yield return "/api/quality?start_time=5&end_time=6";
        yield return "/api/quality?limit=4";
        yield return "/api/quality?limit=4&cursor=NA";
        yield return $"/api/quality?start_time={SentReadings.YearEnd}"; // Some nodes have too few readings in it to tell their interval.
        yield return $"/api/sensor-data/export/manifest?resolution=hourly&tz=Europe/Paris";
        yield return "/api/sensor-data/export?resolution=daily&columns=node_name,zone,location,bucket_end,device_id,humidity_p99_percent&separator=semicolon&decimal=comma&bom=1";
        yield return "/api/sensor-data/export?resolution=hourly&gzip=1&time=iso";
        yield return "/api/sensor-data/export?resolution=daily&node_address=99";
    }

    /// <summary>Questions about single readings, nodes, gaps and quality.</summary>
    public static IEnumerable<string> OverFew()
    {
        yield return "/api/nodes";
        yield return "/api/nodes?limit=3";
        yield return "/api/nodes?limit=3&cursor=Mw";
        yield return "/api/nodes?cursor=MjE0NzQ4MzY0Nw";
        yield return "/api/nodes/deletion-preview?max_readings=100";
        yield return $"/api/nodes/deletion-preview?last_seen_before={SentReadings.YearEnd}&first_address=2&last_address=21";
        yield return "/api/zones";
        yield return "/api/zones/1";
        foreach (var node in SentReadings.Nodes)
        {
            yield return $"/api/nodes/{node}";
            yield return $"/api/nodes/{node}/sensor-data";
            yield return $"/api/nodes/{node}/sensor-data/latest";
            yield return $"/api/nodes/{node}/metadata";
            yield return $"/api/nodes/{node}/quality";
        }
        foreach (var node in (int[])[1, 2, SentReadings.Uneven])
        {
            yield return $"/api/nodes/{node}/quality?{_range}";
            yield return $"/api/nodes/{node}/sensor-data?limit=10000&{_range}";
            foreach (var most in (int[])[1, 7, 200, 2000])
            {
                yield return $"/api/nodes/{node}/sensor-data?downsample={most}";
                yield return $"/api/nodes/{node}/sensor-data?downsample={most}&{_range}";
            }
            yield return $"/api/nodes/{node}/series";
            yield return $"/api/nodes/{node}/series?from={Start}&to={End}";
            yield return $"/api/nodes/{node}/series?from={Start}&to={End}&points=2000";
        }
        yield return "/api/sensor-data";
        yield return "/api/sensor-data?limit=10000";
        yield return "/api/sensor-data?limit=3&offset=9998";
        yield return "/api/sensor-data?offset=2147483647";
        yield return $"/api/sensor-data?node_address=3&{_range}";
        yield return "/api/sensor-data?node_address=99";
        yield return $"/api/sensor-data?start_time={SentReadings.YearEnd}&end_time={SentReadings.YearEnd}";
        yield return "/api/sensor-data/export";
        yield return "/api/sensor-data/export?order=asc&time=iso&separator=semicolon&decimal=comma&bom=1&footer=1";
        yield return $"/api/sensor-data/export?time=local&tz=Australia/Lord_Howe&node_address=3&{_range}";
        yield return "/api/sensor-data/export?columns=timestamp,received_at,temperature_raw,humidity_raw,node_name,location,zone&separator=tab";
        yield return "/api/sensor-data/export?gzip=1&footer=1";
        yield return "/api/sensor-data/export/manifest?node_address=2";
    }

    /// <summary>Faulty questions.</summary>
    public static IEnumerable<string> Faulty()
    {
        foreach (var path in (string[])["/api/sensor-data", "/api/nodes/2/sensor-data", "/api/nodes/2/statistics", "/api/nodes/2/statistics/hourly",
            "/api/nodes/2/statistics/daily", "/api/nodes/2/percentiles", "/api/nodes/2/quality", "/api/quality", "/api/sensor-data/export", "/api/sensor-data/export/manifest"])
        {
            yield return path + "?start_time=x";
            yield return path + "?end_time=-1";
            yield return path + "?start_time=9&end_time=8";
            yield return path + "?start_time=1&start_time=2";
            yield return path + "?end_time=99999999999999999999";
        }
        foreach (var path in (string[])["/api/sensor-data", "/api/nodes/2/sensor-data", "/api/nodes/2/statistics/hourly", "/api/nodes/2/statistics/daily"])
        {
            yield return path + "?limit=0";
            yield return path + "?limit=10001&start_time=y";
        }
        yield return "/api/sensor-data?offset=-1&node_address=0";
        yield return "/api/sensor-data?cursor=!";
        yield return "/api/sensor-data?cursor=MTc2NzIyNTYwMC4xMg&offset=1";
        yield return "/api/nodes/2/sensor-data?downsample=2001";
        yield return "/api/nodes/2/statistics/hourly?tz=Mars/Olympus";
        yield return "/api/nodes/2/statistics/daily?tz=+01:00";
        yield return "/api/nodes/2/percentiles?p=101";
        yield return "/api/nodes/2/percentiles?p=50,,1.234,x";
        yield return "/api/nodes/2/series?points=0&from=9&to=8";
        yield return "/api/fleet/series?points=501&nodes=1,99&zone_id=0";
        yield return "/api/fleet/hours?tz=x&from=z&across=zones";
        yield return "/api/fleet/series?pool=nodes";
        yield return "/api/sensor-data/export?resolution=weekly&order=up&time=now&gzip=2&columns=a";
        yield return "/api/sensor-data/export?decimal=comma";
        foreach (var path in (string[])["", "/sensor-data", "/sensor-data/latest", "/statistics", "/statistics/hourly", "/statistics/daily", "/percentiles", "/quality", "/series", "/metadata"])
        {
            yield return "/api/nodes/99" + path;
            yield return $"/api/nodes/{SentReadings.Removed}{path}";
        }
        yield return "/api/nodes?limit=0&cursor=!";
        yield return "/api/nodes?limit=10001";
        yield return "/api/quality?limit=x&cursor=LTE";
        yield return "/api/nodes/deletion-preview";
        yield return "/api/nodes/deletion-preview?last_address=1&first_address=2&max_readings=-1&last_seen_before=x";
        yield return "/api/zones/2";
        yield return "/api/nodes/x";
    }
}
