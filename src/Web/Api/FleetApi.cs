using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Several nodes together: percentile bands over time, averages by weekday and hour, each across nodes or across readings.</summary>
internal static class FleetApi
{
    private const long SecondsPerDay = 86_400;

    private static readonly NodesParameter _nodes = new("Addresses, comma-separated. Default: all nodes.");
    private static readonly WholeParameter _zone = new("zone_id", 1, int.MaxValue, "Only the nodes of this zone.", "1");
    private static readonly ZoneParameter _timeZone = new("tz", "IANA time zone for hour boundaries. Default UTC.");
    private static readonly WholeParameter _points = new("points", 1, FleetSeries.MaxPoints, "Maximum number of buckets, 1 to 500. Default 200.", "200", 200);
    private static readonly WholeParameter _from = RangeParameters.StartTime with { Name = "from", Description = "Start, Unix seconds, inclusive. Default: one day before to." };
    private static readonly WholeParameter _to = RangeParameters.EndTime with { Name = "to", Description = "End, Unix seconds, inclusive. Default: now." };

    /// <summary>Also a parameter of the analytics page.</summary>
    public static readonly ChoiceParameter<Population> Across = new("across",
        "Statistics across nodes (of each node's mean, so that all nodes weigh the same) or across all readings", ("nodes", Population.Nodes), ("readings", Population.Readings));

    public static string NameOf(Population population) => Across.Choices.First(c => c.Value == population).Text;

    public static void MapFleet(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/fleet").WithTags("Fleet");
        group.MapGet("/series", SeriesAsync).WithName("FleetSeries").For(Need.Viewer).Produces<FleetSeriesResponse>()
            .WithSummary("Exact percentiles across several nodes, or across their readings, per time bucket").WithQuery(_nodes, _zone, _from, _to, _points, Across);
        group.MapGet("/hours", HoursAsync).WithName("FleetHours").For(Need.Viewer).Produces<FleetHoursResponse>()
            .WithSummary("Averages of several nodes by weekday and hour").WithQuery(_nodes, _zone, _timeZone, _from, _to, Across);
    }

    private static async Task<IResult> SeriesAsync(
        HttpRequest request, INodeStore nodes, NodeDirectory directory, IReadingAnalytics analytics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (start, end) = ReadRange(reader, clock);
        var (points, across) = ((int)_points.Read(reader)!, Across.Read(reader));
        var selected = await SelectAsync(reader, nodes, directory, cancellationToken);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return TypedResults.Ok(FleetSeriesResponse.Of(selected, await analytics.FleetAsync(selected.Addresses, start, end, points, across, cancellationToken)));
    }

    private static async Task<IResult> HoursAsync(
        HttpRequest request, INodeStore nodes, NodeDirectory directory, IReadingAnalytics analytics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (start, end) = ReadRange(reader, clock);
        var (zone, across) = (_timeZone.Read(reader), Across.Read(reader));
        var selected = await SelectAsync(reader, nodes, directory, cancellationToken);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var hours = await analytics.HoursOfWeekAsync(selected.Addresses, new(start, end), zone, across, cancellationToken);
        return TypedResults.Ok(new FleetHoursResponse(start, end, zone.Id, NameOf(across), selected.Listed, selected.Count, hours.Count,
            [.. hours.Select(h => new HourResponse(h.Weekday, h.Hour, h.Count, h.NodeCount, h.Celsius, h.Percent))]));
    }

    private static (long Start, long End) ReadRange(QueryReader reader, TimeProvider clock)
    {
        var range = RangeParameters.ReadRange(reader, _from, _to);
        var end = range.End ?? Math.Max(clock.GetUtcNow().ToUnixTimeSeconds(), range.Start ?? 0);
        return (range.Start ?? Math.Max(0, end - SecondsPerDay), end);
    }

    private static async Task<SelectedNodes> SelectAsync(QueryReader reader, INodeStore nodes, NodeDirectory directory, CancellationToken cancellationToken)
    {
        var inZone = (int?)_zone.Read(reader) is { } zone ? await directory.ListAddressesAsync(zone, cancellationToken) : null;
        if (await _nodes.ReadAsync(reader, nodes, cancellationToken) is { } found)
        {
            int[] selected = [.. found.Select(n => n.Address).Where(address => inZone is null || inZone.Contains(address))];
            return new(selected, selected, selected.Length);
        }
        if (inZone is not null) return new(inZone, [.. inZone.Take(NodesApi.MaxListed)], inZone.Count);
        var first = await nodes.ListAsync(0, NodesApi.MaxListed, cancellationToken);
        var count = first.Count < NodesApi.MaxListed ? first.Count : (await nodes.CountAsync(NodeCriteria.All, cancellationToken)).Nodes;
        return new(null, [.. first.Select(n => n.Address)], (int)count);
    }
}

/// <param name="Addresses">For the query; null: all nodes.</param>
/// <param name="Listed">For the response.</param>
/// <param name="Count">All of them.</param>
internal sealed record SelectedNodes(IReadOnlyCollection<int>? Addresses, IReadOnlyList<int> Listed, int Count);

/// <param name="BucketStart">Unix seconds.</param>
/// <param name="NodeCount">Nodes with readings in the bucket.</param>
/// <param name="Partial">The bucket extends beyond the range or the current time.</param>
internal sealed record FleetBucketResponse(long BucketStart, long ReadingCount, int NodeCount, bool Partial, ValueResponse Temperature, ValueResponse Humidity);

/// <param name="Across"><c>nodes</c> or <c>readings</c>.</param>
/// <param name="Nodes">The first 10,000 addresses.</param>
/// <param name="ExpectedNodeCount">Median of the nodes per bucket, without partial buckets.</param>
internal sealed record FleetSeriesResponse(
    long From, long To, long BucketSeconds, string Across, IReadOnlyList<int> Nodes, int NodeCount, int ExpectedNodeCount, int Count, IReadOnlyList<FleetBucketResponse> Buckets)
{
    public static FleetSeriesResponse Of(SelectedNodes nodes, FleetSeries series) => new(
        series.From, series.To, series.BucketSeconds, FleetApi.NameOf(series.Population), nodes.Listed, nodes.Count, series.ExpectedNodeCount, series.Buckets.Count,
        [.. series.Buckets.Select(b => new FleetBucketResponse(b.Start, b.Statistics.Count, b.NodeCount, b.IsPartial, ValueResponse.Of(b.Statistics.Temperature), ValueResponse.Of(b.Statistics.Humidity)))]);
}

/// <param name="Weekday">0 is Sunday.</param>
internal sealed record HourResponse(int Weekday, int Hour, long ReadingCount, int NodeCount, decimal? AvgCelsius, decimal? AvgPercent);

/// <param name="Nodes">The first 10,000 addresses.</param>
internal sealed record FleetHoursResponse(long From, long To, string Tz, string Across, IReadOnlyList<int> Nodes, int NodeCount, int Count, IReadOnlyList<HourResponse> Hours);
