using System.Globalization;
using SensorDash.Data.Export;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>CSV exports of readings without a row limit, and the checksums that verify a download.</summary>
internal static class ExportApi
{
    private static readonly ChoiceParameter<ReadingOrder> _order = new("order", "Order by measured time",
        ("desc", ReadingOrder.NewestFirst), ("asc", ReadingOrder.OldestFirst));
    private static readonly ChoiceParameter<CsvTime> _time = new("time", "Time format",
        ("unix", CsvTime.Unix), ("iso", CsvTime.Iso), ("local", CsvTime.Local));
    private static readonly ZoneParameter _zone = new("tz", "IANA time zone for local times, hours and days. Default UTC.");
    private static readonly ChoiceParameter<char> _separator = new("separator", "Column separator", ("comma", ','), ("semicolon", ';'), ("tab", '\t'));
    private static readonly ChoiceParameter<char> _decimal = new("decimal", "Decimal separator", ("dot", '.'), ("comma", ','));
    private static readonly ChoiceParameter<CsvResolution> _resolution = new("resolution", "Rows: readings, or statistics per node and hour or day",
        ("raw", CsvResolution.Raw), ("hourly", CsvResolution.Hourly), ("daily", CsvResolution.Daily));
    private static readonly TextParameter _columns = new("columns",
        $"Columns in output order, comma-separated. Raw: {string.Join(", ", CsvColumns.All(CsvResolution.Raw))}. "
        + $"Hourly and daily: {string.Join(", ", CsvColumns.All(CsvResolution.Hourly))}.", "timestamp,temperature_celsius");
    private static readonly SwitchParameter _bom = new("bom", "Start with a byte order mark, for Excel.");
    private static readonly SwitchParameter _footer = new("footer", "End with a line '# rows=N sha256=…' with the checksum of all preceding bytes.");
    private static readonly SwitchParameter _gzip = new("gzip", "Send a .csv.gz file.");

    public static void MapExport(this IEndpointRouteBuilder routes)
    {
        QueryParameter[] query = [RangeParameters.NodeAddress, RangeParameters.StartTime, RangeParameters.EndTime, _order, _time, _zone,
            _separator, _decimal, _resolution, _columns, _bom, _footer, _gzip];
        var group = routes.MapGroup("/api/sensor-data/export").WithTags("Export");
        group.MapGet("", ExportAsync).WithName("ExportReadings").For(Need.Viewer).Produces(200, contentType: "text/csv")
            .WithSummary("All matching readings as CSV; the trailers X-Row-Count and X-Content-SHA256 verify the file").WithQuery(query);
        group.MapGet("/manifest", ManifestAsync).WithName("ExportManifest").For(Need.Viewer).Produces<ManifestResponse>()
            .WithSummary("Rows, bytes and SHA-256 of the export with the same query").WithQuery(query);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, CsvExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context.Request);
        var options = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);

        await VerifiedDownload.SendAsync(context, options.Gzip ? "application/gzip" : "text/csv; charset=utf-8", FileName(options),
            target => export.WriteAsync(options, target, cancellationToken), cancellationToken);
        return TypedResults.Empty;
    }

    private static async Task<IResult> ManifestAsync(HttpRequest request, CsvExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var options = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var checksum = await export.WriteAsync(options, Stream.Null, cancellationToken);
        return TypedResults.Ok(new ManifestResponse(checksum.Rows, checksum.Sha256, checksum.Bytes, FileName(options)));
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
            reader.Error(_decimal.Name, "comma requires separator=semicolon or separator=tab");
        var all = CsvColumns.All(options.Resolution);
        if (options.Columns.FirstOrDefault(c => !all.Contains(c)) is { } unknown)
            reader.Error(_columns.Name, $"must not contain '{OutsideText.Shown(unknown)}'; allowed: {string.Join(", ", all)}");
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

/// <param name="Rows">Rows without header and footer.</param>
/// <param name="Sha256">Checksum of the file as sent, 64 lowercase hexadecimal digits.</param>
/// <param name="Bytes">Length of the file.</param>
internal sealed record ManifestResponse(long Rows, string Sha256, long Bytes, string FileName);
