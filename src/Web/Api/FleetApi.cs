using System.Globalization;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>Several nodes together: percentile bands over time, averages by weekday and hour.</summary>
internal static class FleetApi
{
    private const long SecondsPerDay = 86_400;

    private static readonly TextParameter _nodes = new("nodes", "Addresses, comma-separated. Default: all nodes.", "1,2,12");
    private static readonly WholeParameter _zone = new("zone_id", 1, int.MaxValue, "Only the nodes of this zone.", "1");
    private static readonly ZoneParameter _timeZone = new("tz", "IANA time zone for hour boundaries. Default UTC.");
    private static readonly WholeParameter _points = new("points", 1, FleetSeries.MaxPoints, "Maximum number of buckets, 1 to 500. Default 200.", "200", 200);
    private static readonly WholeParameter _from = RangeParameters.StartTime with { Name = "from", Description = "Start, Unix seconds, inclusive. Default: one day before to." };
    private static readonly WholeParameter _to = RangeParameters.EndTime with { Name = "to", Description = "End, Unix seconds, inclusive. Default: now." };

    public static void MapFleet(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/fleet").WithTags("Fleet");
        group.MapGet("/series", SeriesAsync).WithName("FleetSeries").Produces<FleetSeriesResponse>()
            .WithSummary("Exact percentiles of the readings of several nodes, per time bucket").WithQuery(_nodes, _zone, _from, _to, _points);
        group.MapGet("/hours", HoursAsync).WithName("FleetHours").Produces<FleetHoursResponse>()
            .WithSummary("Averages of several nodes by weekday and hour").WithQuery(_nodes, _zone, _timeZone, _from, _to);
    }

    private static async Task<IResult> SeriesAsync(
        HttpRequest request, INodeStore nodes, NodeDirectory directory, IReadingAnalytics analytics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (start, end) = ReadRange(reader, clock);
        var points = (int)_points.Read(reader)!;
        var selected = await SelectAsync(reader, nodes, directory, cancellationToken);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return TypedResults.Ok(FleetSeriesResponse.Of(selected, await analytics.FleetAsync(selected.Addresses, start, end, points, cancellationToken)));
    }

    private static async Task<IResult> HoursAsync(
        HttpRequest request, INodeStore nodes, NodeDirectory directory, IReadingAnalytics analytics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (start, end) = ReadRange(reader, clock);
        var zone = _timeZone.Read(reader);
        var selected = await SelectAsync(reader, nodes, directory, cancellationToken);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var hours = await analytics.HoursOfWeekAsync(selected.Addresses, new(start, end), zone, cancellationToken);
        return TypedResults.Ok(new FleetHoursResponse(start, end, zone.Id, selected.Listed, selected.Count, hours.Count,
            [.. hours.Select(h => new HourResponse(h.Weekday, h.Hour, h.Count, h.Celsius, h.Percent))]));
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
        if (reader.Text(_nodes.Name) is not { } text)
        {
            if (inZone is not null) return new(inZone, [.. inZone.Take(NodesApi.MaxListed)], inZone.Count);
            var first = await nodes.ListAsync(0, NodesApi.MaxListed, cancellationToken);
            var count = first.Count < NodesApi.MaxListed ? first.Count : (await nodes.CountAsync(NodeCriteria.All, cancellationToken)).Nodes;
            return new(null, [.. first.Select(n => n.Address)], (int)count);
        }
        var wanted = text.Split(',').Select(part => (Text: part, Address: int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var address) ? address : 0)).ToArray();
        var found = (await nodes.FindAsync([.. wanted.Select(w => w.Address).Distinct()], cancellationToken)).Select(n => n.Address).ToHashSet();
        foreach (var part in wanted.Where(w => !found.Contains(w.Address))) reader.Error(_nodes.Name, $"must be existing nodes, not '{OutsideText.Shown(part.Text)}'");
        int[] selected = [.. found.Where(address => inZone is null || inZone.Contains(address)).Order()];
        return new(selected, selected, selected.Length);
    }
}

/// <param name="Addresses">For the query; null: all nodes.</param>
/// <param name="Listed">For the response.</param>
/// <param name="Count">All of them.</param>
internal sealed record SelectedNodes(IReadOnlyCollection<int>? Addresses, IReadOnlyList<int> Listed, int Count);

/// <param name="BucketStart">Unix seconds.</param>
internal sealed record FleetBucketResponse(long BucketStart, long ReadingCount, ValueResponse Temperature, ValueResponse Humidity);

/// <param name="Nodes">The first 10,000 addresses.</param>
internal sealed record FleetSeriesResponse(
    long From, long To, long BucketSeconds, IReadOnlyList<int> Nodes, int NodeCount, int Count, IReadOnlyList<FleetBucketResponse> Buckets)
{
    public static FleetSeriesResponse Of(SelectedNodes nodes, FleetSeries series) => new(series.From, series.To, series.BucketSeconds, nodes.Listed, nodes.Count, series.Buckets.Count,
        [.. series.Buckets.Select(b => new FleetBucketResponse(b.Start, b.Statistics.Count, ValueResponse.Of(b.Statistics.Temperature), ValueResponse.Of(b.Statistics.Humidity)))]);
}

/// <param name="Weekday">0 is Sunday.</param>
internal sealed record HourResponse(int Weekday, int Hour, long ReadingCount, decimal? AvgCelsius, decimal? AvgPercent);

/// <param name="Nodes">The first 10,000 addresses.</param>
internal sealed record FleetHoursResponse(long From, long To, string Tz, IReadOnlyList<int> Nodes, int NodeCount, int Count, IReadOnlyList<HourResponse> Hours);
