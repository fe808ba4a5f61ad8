using System.Globalization;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Statistics by hour and day, percentiles and quality.</summary>
internal static class AnalyticsApi
{
    private const int MaxPercentiles = 20;

    private static readonly ZoneParameter _zone = new("tz", "IANA time zone for hour and day boundaries. Default UTC.");
    private static readonly WholeParameter _limit = new("limit", 1, 10_000, "Maximum number of buckets, 1 to 10000. Default 1000.", "24", 1000);
    private static readonly TextParameter _percentiles = new("p", "Percentiles from 0 to 100 with at most two decimals, comma-separated. Default 50,95,99.", "5,50,95");

    public static void MapAnalytics(this IEndpointRouteBuilder routes)
    {
        var node = routes.MapGroup("/api/nodes/{address:int}").WithTags("Analytics");
        foreach (var (path, unit) in (ReadOnlySpan<(string, CalendarUnit)>)[("hourly", CalendarUnit.Hour), ("daily", CalendarUnit.Day)])
        {
            node.MapGet($"/statistics/{path}", (int address, HttpRequest request, INodeStore nodes, IReadingAnalytics analytics, CancellationToken cancellationToken)
                    => CalendarAsync(unit, address, request, nodes, analytics, cancellationToken))
                .WithName(unit == CalendarUnit.Hour ? "HourlyStatistics" : "DailyStatistics").For(Need.Viewer).Produces<CalendarResponse>()
                .WithSummary($"Exact statistics per calendar {unit.ToString().ToLowerInvariant()} of a time zone, newest first")
                .WithQuery(RangeParameters.StartTime, RangeParameters.EndTime, _zone, _limit);
        }
        node.MapGet("/percentiles", PercentilesAsync).WithName("Percentiles").For(Need.Viewer).Produces<PercentilesResponse>()
            .WithSummary("Exact percentiles by linear interpolation").WithQuery(_percentiles, RangeParameters.StartTime, RangeParameters.EndTime);
        node.MapGet("/quality", QualityAsync).WithName("NodeQuality").For(Need.Viewer).Produces<QualityResponse>()
            .WithSummary("Completeness, gaps, outliers, flat lines, late arrivals and clock skew")
            .WithQuery(RangeParameters.StartTime, RangeParameters.EndTime);
        routes.MapGet("/api/quality", FleetQualityAsync).WithTags("Analytics").WithName("FleetQuality").For(Need.Viewer).Produces<FleetQualityResponse>()
            .WithSummary("Quality of nodes, worst first, without the lists; pages are by address")
            .WithQuery(RangeParameters.StartTime, RangeParameters.EndTime, NodesApi.Limit, NodesApi.Cursor);
    }

    private static async Task<IResult> CalendarAsync(
        CalendarUnit unit, int address, HttpRequest request, INodeStore nodes, IReadingAnalytics analytics, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (range, zone, limit) = (RangeParameters.ReadRange(reader), _zone.Read(reader), (int)_limit.Read(reader)!);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        if (await nodes.FindAsync(address, cancellationToken) is null) return NodesApi.NodeNotFound(address);
        var buckets = await analytics.CalendarAsync(address, range, zone, unit, limit, cancellationToken);
        return TypedResults.Ok(new CalendarResponse(address, zone.Id, buckets.Count, [.. buckets.Select(b => CalendarBucketResponse.Of(b, zone))]));
    }

    private static async Task<IResult> PercentilesAsync(
        int address, HttpRequest request, INodeStore nodes, IReadingAnalytics analytics, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (range, percentiles) = (RangeParameters.ReadRange(reader), ReadPercentiles(reader));
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        if (await nodes.FindAsync(address, cancellationToken) is null) return NodesApi.NodeNotFound(address);
        var found = await analytics.StatisticsAsync(address, range, percentiles, cancellationToken);
        return TypedResults.Ok(new PercentilesResponse(address, "exact", Named(found.Temperature), Named(found.Humidity)));

        Dictionary<string, decimal?> Named(ValueStatistics values) => percentiles.Zip(values.Percentiles)
            .ToDictionary(pair => "p" + pair.First.ToString("0.##", CultureInfo.InvariantCulture), pair => pair.Second);
    }

    private static async Task<IResult> QualityAsync(int address, HttpRequest request, IReadingAnalytics analytics, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return await analytics.QualityAsync(address, range, cancellationToken) is { } quality
            ? TypedResults.Ok(QualityResponse.Of(quality)) : NodesApi.NodeNotFound(address);
    }

    private static async Task<IResult> FleetQualityAsync(
        HttpRequest request, INodeStore nodes, IReadingAnalytics analytics, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader);
        var (limit, after) = ((int)NodesApi.Limit.Read(reader)!, NodesApi.Cursor.Read(reader));
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var page = await nodes.ListAsync(after, limit + 1, cancellationToken);
        var found = await analytics.FleetQualityAsync([.. page.Take(limit).Select(n => n.Address)], range, cancellationToken);
        return TypedResults.Ok(new FleetQualityResponse(found.Count, NodeCursorParameter.Next(page, limit, n => n.Address),
            [.. found.OrderBy(q => q.CompletenessPercent ?? 100).ThenBy(q => q.NodeAddress).Select(QualitySummary.Of)]));
    }

    private static decimal[] ReadPercentiles(QueryReader reader)
    {
        if (reader.Text(_percentiles.Name) is not { } text) return [.. ValueSummary.DefaultPercentiles];
        var parts = text.Split(',');
        var values = new List<decimal>(parts.Length);
        foreach (var part in parts)
        {
            var isNumber = decimal.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value);
            if (isNumber && value is >= 0 and <= 100 && decimal.Round(value, 2) == value) values.Add(value);
            else reader.Error(_percentiles.Name, $"must be numbers from 0 to 100 with at most two decimals, not '{OutsideText.Shown(part)}'");
        }
        if (parts.Length > MaxPercentiles) reader.Error(_percentiles.Name, $"must be at most {MaxPercentiles} numbers, not {parts.Length}");
        return [.. values.Distinct()];
    }
}
