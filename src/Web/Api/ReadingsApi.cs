using System.Buffers.Text;
using System.Globalization;
using System.Text;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Queries of readings: of all nodes and of one.</summary>
internal static class ReadingsApi
{
    private static readonly WholeParameter _limit = new("limit", 1, 10_000, "Maximum number of readings, 1 to 10000. Default 1000.", "100", 1000);
    private static readonly WholeParameter _nodeLimit = new("limit", 1, 10_000, "Maximum number of readings, 1 to 10000. Default 100.", "100", 100);
    private static readonly WholeParameter _offset = new("offset", 0, int.MaxValue, "Number of readings to skip. Default 0.", "0", 0);
    private static readonly TextParameter _cursor = new("cursor", "Continue after an earlier page: its `next`. Cannot be combined with offset.", "MTc2NzIyNTYwMC4xMg");
    private static readonly WholeParameter _downsample = new("downsample", 1, 2_000,
        "Return at most this many buckets with averages, oldest first, instead of readings. 1 to 2000.", "200");
    private static readonly WholeParameter _from = RangeParameters.StartTime with { Name = "from", Description = "Start, Unix seconds, inclusive. Default: one day before to." };
    private static readonly WholeParameter _to = RangeParameters.EndTime with { Name = "to", Description = "End, Unix seconds, inclusive. Default: now." };
    private static readonly WholeParameter _points = new("points", 1, NodeSeries.MaxPoints,
        "Maximum number of buckets, 1 to 2000. With no more readings than this, the points are the readings. Default 500.", "500", 500);

    // As many as one chart can show apart.
    private const int MaxSeries = 10;

    private static readonly NodesParameter _seriesNodes = new("One to ten addresses, comma-separated. Required.");

    public static void MapReadings(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/api/sensor-data").WithTags("Readings");
        all.MapGet("", ListAsync).WithName("ListReadings").For(Need.Viewer).Produces<ReadingList>()
            .WithSummary("Readings of all nodes or one, newest first, ties by node")
            .WithQuery(RangeParameters.NodeAddress, RangeParameters.StartTime, RangeParameters.EndTime, _limit, _offset, _cursor);

        var node = routes.MapGroup("/api/nodes/{address:int}").WithTags("Readings");
        node.MapGet("/sensor-data", ListOfNodeAsync).WithName("ListNodeReadings").For(Need.Viewer).Produces<NodeReadingList>()
            .WithSummary("Readings of one node, newest first; with downsample, averages, oldest first")
            .WithQuery(RangeParameters.StartTime, RangeParameters.EndTime, _nodeLimit, _downsample);
        node.MapGet("/sensor-data/latest", LatestAsync).WithName("LatestReading").For(Need.Viewer).Produces<ReadingResponse>().WithSummary("The latest measured reading");
        node.MapGet("/statistics", StatisticsAsync).WithName("NodeStatistics").For(Need.Viewer).Produces<StatisticsResponse>()
            .WithSummary("Exact minimum, maximum, average and percentiles").WithQuery(RangeParameters.StartTime, RangeParameters.EndTime);
        node.MapGet("/series", SeriesAsync).WithName("NodeSeries").For(Need.Viewer).Produces<SeriesResponse>()
            .WithSummary("Chart data: minimum, average and maximum per bucket, and all gaps").WithQuery(_from, _to, _points);
        routes.MapGet("/api/nodes/series", SeveralSeriesAsync).WithTags("Readings").WithName("NodesSeries").For(Need.Viewer).Produces<SeveralSeriesResponse>()
            .WithSummary("Chart data of up to ten nodes, each as its own series with its statistics").WithQuery(_seriesNodes, _from, _to, _points);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, IReadingStore store, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var filter = new ReadingFilter(RangeParameters.ReadNode(reader), RangeParameters.ReadRange(reader));
        var (limit, offset) = ((int)_limit.Read(reader)!, (int)_offset.Read(reader)!);
        var (after, countedTotal) = ReadCursor(reader);
        if (after is not null && offset > 0) reader.Error(_offset.Name, "cannot be combined with cursor");
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);

        var page = new Reading[limit];
        var count = await store.ReadAsync(new(filter, ReadingOrder.NewestFirst, after, offset), page, cancellationToken);
        var total = countedTotal ?? await store.CountAsync(filter, cancellationToken);
        var next = count == limit ? WriteCursor(page[count - 1], total) : null;
        return TypedResults.Ok(new ReadingList(count, total, limit, offset, next, [.. page.Take(count).Select(ReadingResponse.Of)]));
    }

    private static async Task<IResult> ListOfNodeAsync(int address, HttpRequest request, INodeStore nodes, IReadingStore store, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader);
        var limit = (int)_nodeLimit.Read(reader)!;
        var downsample = (int?)_downsample.Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        if (await nodes.FindAsync(address, cancellationToken) is null) return NodesApi.NodeNotFound(address);
        if (downsample is { } maxBuckets)
        {
            var buckets = await Downsampling.DownsampleAsync(store, address, range, maxBuckets, cancellationToken);
            return TypedResults.Ok(new NodeReadingList(address, buckets.Count, [.. buckets.Select(b =>
                new NodeReading(b.Middle, b.Celsius, b.Percent, b.Flags, b.Count))]));
        }
        var page = new Reading[limit];
        var count = await store.ReadAsync(new(new(address, range), ReadingOrder.NewestFirst), page, cancellationToken);
        return TypedResults.Ok(new NodeReadingList(address, count, [.. page.Take(count).Select(r =>
            new NodeReading(r.Timestamp, r.TemperatureCentidegrees / 100m, r.HumidityCentipercent / 100m, r.Flags, null))]));
    }

    private static async Task<IResult> LatestAsync(int address, IReadingStore store, CancellationToken cancellationToken)
    {
        var latest = new Reading[1];
        return await store.ReadAsync(new(new(address, TimeRange.All), ReadingOrder.NewestFirst), latest, cancellationToken) == 1
            ? TypedResults.Ok(ReadingResponse.Of(latest[0]))
            : Problems.NotFound($"node {address} has no readings");
    }

    private static async Task<IResult> StatisticsAsync(
        int address, HttpRequest request, INodeStore nodes, IReadingAnalytics analytics, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        if (await nodes.FindAsync(address, cancellationToken) is not { } node) return NodesApi.NodeNotFound(address);
        var found = await analytics.StatisticsAsync(address, range, ValueSummary.DefaultPercentiles, cancellationToken);
        return TypedResults.Ok(StatisticsResponse.Of(node, found));
    }

    private static async Task<IResult> SeriesAsync(
        int address, HttpRequest request, INodeStore nodes, NodeDirectory directory, IReadingAnalytics analytics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader, _from, _to);
        var points = (int)_points.Read(reader)!;
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        if (await nodes.FindAsync(address, cancellationToken) is not { } node) return NodesApi.NodeNotFound(address);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var (from, to) = EndsOf(range, now);
        var interval = (await directory.FindMetadataAsync(address, cancellationToken))?.ExpectedIntervalS;
        var series = await analytics.SeriesAsync(new(node, from, to, points, interval, now), cancellationToken);
        return TypedResults.Ok(SeriesResponse.Of(address, points, series));
    }

    private static async Task<IResult> SeveralSeriesAsync(
        HttpRequest request, INodeStore nodes, NodeDirectory directory, IReadingAnalytics analytics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader, _from, _to);
        var points = (int)_points.Read(reader)!;
        var selected = await _seriesNodes.ReadAsync(reader, nodes, cancellationToken);
        if (selected is null) reader.Error(_seriesNodes.Name, "is required");
        if (selected?.Count > MaxSeries) reader.Error(_seriesNodes.Name, $"must be at most {MaxSeries} nodes, not {selected.Count}");
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var (from, to) = EndsOf(range, now);
        var found = new List<SeriesResponse>(selected!.Count);
        foreach (var node in selected)
        {
            var interval = (await directory.FindMetadataAsync(node.Address, cancellationToken))?.ExpectedIntervalS;
            found.Add(SeriesResponse.Of(node.Address, points, await analytics.SeriesAsync(new(node, from, to, points, interval, now), cancellationToken)));
        }
        return TypedResults.Ok(new SeveralSeriesResponse(from, to, points, found.Count, found));
    }

    private static (long From, long To) EndsOf(TimeRange range, long now)
    {
        var to = range.End ?? Math.Max(now, range.Start ?? 0);
        return (range.Start ?? Math.Max(0, to - 86_400), to);
    }

    // The total goes along from page to page: counting every row of a range again for each page costs more than the pages.
    private static string WriteCursor(Reading last, long total)
        => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{last.Timestamp}.{last.NodeAddress}.{total}")));

    // A cursor that a client has kept from an older version has no total.
    private static (ReadingPosition? After, long? Total) ReadCursor(QueryReader reader)
    {
        if (reader.Text(_cursor.Name) is not { } text) return default;
        var parts = Base64Url.IsValid(text) ? Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)).Split('.') : [];
        var total = 0L;
        if (parts.Length is 2 or 3 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var node)
            && (parts.Length == 2 || long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out total)))
        {
            return (new ReadingPosition(time, node), parts.Length == 2 ? null : total);
        }
        reader.Error(_cursor.Name, "is not a valid cursor; pass `next` unchanged");
        return default;
    }
}
