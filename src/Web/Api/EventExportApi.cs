using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Export;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>Files of events without a row cap, and the proof that a download is whole.</summary>
internal static class EventExportApi
{
    private static readonly ChoiceParameter<EventFormat> _format = new("format", "An event per line as JSON, or the columns of all lanes",
        ("ndjson", EventFormat.Ndjson), ("csv", EventFormat.Csv));

    public static void MapEventExport(this IEndpointRouteBuilder routes)
    {
        QueryParameter[] query = [.. EventParameters.All, _format];
        var group = routes.MapGroup("/api/events/export").WithTags("Export");
        group.MapGet("", ExportAsync).WithName("ExportEvents").Produces(200, contentType: "application/x-ndjson")
            .WithSummary("Events of any number; ends with the trailers X-Row-Count and X-Content-SHA256").WithQuery(query);
        group.MapGet("/manifest", ManifestAsync).WithName("EventExportManifest").Produces<ManifestResponse>()
            .WithSummary("Rows, bytes and SHA-256 of the file that the same query gives").WithQuery(query);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, EventExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context.Request.Query);
        var (query, format) = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var contentType = format == EventFormat.Csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
        await VerifiedDownload.SendAsync(context, contentType, FileName(query, format), target => export.WriteAsync(query, format, target, cancellationToken), cancellationToken);
        return TypedResults.Empty;
    }

    private static async Task<IResult> ManifestAsync(HttpRequest request, EventExport export, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request.Query);
        var (query, format) = Read(reader);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var proof = await export.WriteAsync(query, format, Stream.Null, cancellationToken);
        return TypedResults.Ok(new ManifestResponse(proof.Rows, proof.Sha256, proof.Bytes, FileName(query, format)));
    }

    private static (EventQuery Query, EventFormat Format) Read(QueryReader reader)
    {
        EventParameters.RefuseUnknown(reader, _format);
        return (EventParameters.Read(reader), _format.Read(reader));
    }

    private static string FileName(EventQuery query, EventFormat format)
    {
        return $"sensordash_events_{Name(query.From) ?? "first"}_{Name(query.To) ?? "latest"}.{(format == EventFormat.Csv ? "csv" : "ndjson")}";

        static string? Name(long? time) => time is { } given
            ? DateTimeOffset.FromUnixTimeMilliseconds(given / 1000).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) : null;
    }
}
