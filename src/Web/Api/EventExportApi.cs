using System.Globalization;
using NodaTime;
using SensorDash.Data.Events;
using SensorDash.Data.Export;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Exports of events without a row limit, and the checksums that verify a download.</summary>
internal static class EventExportApi
{
    private static readonly ChoiceParameter<EventFormat> _format = new("format", "One JSON event per line, or the columns of all lanes",
        ("ndjson", EventFormat.Ndjson), ("csv", EventFormat.Csv));

    private static readonly ZoneParameter _zone = new("tz",
        "IANA time zone of the times in a CSV file. Default: source times as the producer wrote them, all others in UTC.");

    public static void MapEventExport(this IEndpointRouteBuilder routes)
    {
        QueryParameter[] query = [.. EventParameters.All, _format, _zone];
        var group = routes.MapGroup("/api/events/export").WithTags("Export");
        group.MapGet("", ExportAsync).WithName("ExportEvents").For(Need.Viewer).Produces(200, contentType: "application/x-ndjson")
            .WithSummary("All matching events; the trailers X-Row-Count and X-Content-SHA256 verify the file").WithQuery(query);
        group.MapGet("/manifest", ManifestAsync).WithName("EventExportManifest").For(Need.Viewer).Produces<ManifestResponse>()
            .WithSummary("Rows, bytes and SHA-256 of the export with the same query").WithQuery(query);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, EventExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context.Request);
        var (query, format, zone) = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var contentType = format == EventFormat.Csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
        await VerifiedDownload.SendAsync(context, contentType, FileName(query, format), target => export.WriteAsync(query, format, zone, target, cancellationToken), cancellationToken);
        return TypedResults.Empty;
    }

    private static async Task<IResult> ManifestAsync(HttpRequest request, EventExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (query, format, zone) = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var checksum = await export.WriteAsync(query, format, zone, Stream.Null, cancellationToken);
        return TypedResults.Ok(new ManifestResponse(checksum.Rows, checksum.Sha256, checksum.Bytes, FileName(query, format)));
    }

    private static (EventQuery Query, EventFormat Format, DateTimeZone? Zone) Read(QueryReader reader)
    {
        var (format, zone) = (_format.Read(reader), reader.Text(_zone.Name) is null ? null : _zone.Read(reader));
        // Events in NDJSON can be sent again, so their times stay as they are.
        if (zone is not null && format != EventFormat.Csv) reader.Error(_zone.Name, "must be used with format=csv");
        return (EventParameters.Read(reader), format, zone);
    }

    private static string FileName(EventQuery query, EventFormat format)
    {
        return $"sensordash_events_{Name(query.From) ?? "first"}_{Name(query.To) ?? "latest"}.{(format == EventFormat.Csv ? "csv" : "ndjson")}";

        static string? Name(long? time) => time is { } given
            ? DateTimeOffset.FromUnixTimeMilliseconds(given / 1000).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) : null;
    }
}
