using System.Globalization;
using SensorDash.Data.Export;
using SensorDash.Data.Readings;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>CSV of readings without a row cap, and the proof that a download is whole.</summary>
internal static class ExportApi
{
    private static readonly ChoiceParameter<ReadingOrder> _order = new("order", "By measured time",
        ("desc", ReadingOrder.NewestFirst), ("asc", ReadingOrder.OldestFirst));
    private static readonly ChoiceParameter<CsvTime> _time = new("time", "How times are written",
        ("unix", CsvTime.Unix), ("iso", CsvTime.Iso), ("local", CsvTime.Local));
    private static readonly ZoneParameter _zone = new("tz", "IANA time zone of local times, hours and days. Default UTC.");
    private static readonly ChoiceParameter<char> _separator = new("separator", "Between two cells", ("comma", ','), ("semicolon", ';'), ("tab", '\t'));
    private static readonly ChoiceParameter<char> _decimal = new("decimal", "In decimals", ("dot", '.'), ("comma", ','));
    private static readonly ChoiceParameter<CsvResolution> _resolution = new("resolution", "A line is a reading, or a node in an hour or day",
        ("raw", CsvResolution.Raw), ("hourly", CsvResolution.Hourly), ("daily", CsvResolution.Daily));
    private static readonly TextParameter _columns = new("columns",
        $"Columns in the order wanted, separated by commas. Raw: {string.Join(", ", CsvColumns.All(CsvResolution.Raw))}. "
        + $"Hourly and daily: {string.Join(", ", CsvColumns.All(CsvResolution.Hourly))}.", "timestamp,temperature_celsius");
    private static readonly SwitchParameter _bom = new("bom", "Start with a byte order mark, for Excel.");
    private static readonly SwitchParameter _footer = new("footer", "End with a line '# rows=N sha256=…' of everything before it.");
    private static readonly SwitchParameter _gzip = new("gzip", "Send a .csv.gz file.");

    public static void MapExport(this IEndpointRouteBuilder routes)
    {
        QueryParameter[] query = [RangeParameters.NodeAddress, RangeParameters.StartTime, RangeParameters.EndTime, _order, _time, _zone,
            _separator, _decimal, _resolution, _columns, _bom, _footer, _gzip];
        var group = routes.MapGroup("/api/sensor-data/export").WithTags("Export");
        group.MapGet("", ExportAsync).WithName("ExportReadings").Produces(200, contentType: "text/csv")
            .WithSummary("CSV of any length; ends with the trailers X-Row-Count and X-Content-SHA256").WithQuery(query);
        group.MapGet("/manifest", ManifestAsync).WithName("ExportManifest").Produces<ManifestResponse>()
            .WithSummary("Rows, bytes and SHA-256 of the file that the same query gives").WithQuery(query);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, CsvExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context.Request.Query);
        var options = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);

        await VerifiedDownload.SendAsync(context, options.Gzip ? "application/gzip" : "text/csv; charset=utf-8", FileName(options),
            target => export.WriteAsync(options, target, cancellationToken), cancellationToken);
        return TypedResults.Empty;
    }

    private static async Task<IResult> ManifestAsync(HttpRequest request, CsvExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request.Query);
        var options = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var proof = await export.WriteAsync(options, Stream.Null, cancellationToken);
        return TypedResults.Ok(new ManifestResponse(proof.Rows, proof.Sha256, proof.Bytes, FileName(options)));
    }

    private static CsvOptions Read(QueryReader reader)
    {
        var options = new CsvOptions
        {
            Filter = new(RangeParameters.ReadNode(reader), RangeParameters.ReadRange(reader)),
            Order = _order.Read(reader),
            Time = _time.Read(reader),
            Zone = _zone.Read(reader),
            Separator = _separator.Read(reader),
            DecimalMark = _decimal.Read(reader),
            Resolution = _resolution.Read(reader),
            ByteOrderMark = _bom.Read(reader),
            Footer = _footer.Read(reader),
            Gzip = _gzip.Read(reader),
            Columns = reader.Text(_columns.Name)?.Split(',', StringSplitOptions.TrimEntries) ?? [],
        };
        if (options.DecimalMark == options.Separator)
            reader.Error(_decimal.Name, "comma needs separator=semicolon or separator=tab");
        var known = CsvColumns.All(options.Resolution);
        if (options.Columns.FirstOrDefault(c => !known.Contains(c)) is { } unknown)
            reader.Error(_columns.Name, $"has no '{unknown}'; there are {string.Join(", ", known)}");
        return options;
    }

    private static string FileName(CsvOptions options)
    {
        var node = options.Filter.NodeAddress is { } address ? $"node-{address.ToString(CultureInfo.InvariantCulture)}" : "all-nodes";
        var resolution = options.Resolution == CsvResolution.Raw ? "" : $"_{options.Resolution.ToString().ToLowerInvariant()}";
        var (start, end) = (options.Filter.Range.Start, options.Filter.Range.End);
        return $"sensordash_{node}{resolution}_{Name(start) ?? "first"}_{Name(end) ?? "latest"}.csv{(options.Gzip ? ".gz" : "")}";

        static string? Name(long? time) => time is { } given
            ? DateTimeOffset.FromUnixTimeSeconds(given).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) : null;
    }
}

/// <param name="Rows">Lines, header and footer not counted.</param>
/// <param name="Sha256">Of the file as it is sent, 64 lower-case hexadecimal digits.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record ManifestResponse(long Rows, string Sha256, long Bytes, string FileName);
