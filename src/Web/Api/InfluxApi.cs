using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>The requests by which clients of InfluxDB and Telegraf look for the server and its database before they write.</summary>
internal static class InfluxApi
{
    // A version of InfluxDB whose line protocol and endpoints for writing are the same.
    private const string Version = "1.8.10";

    private static readonly TextParameter _query = new("q", "SHOW DATABASES or CREATE DATABASE name; also as a field of a form.", "SHOW DATABASES");
    private static readonly TextParameter _verbose = new("verbose", "Accepted for clients of InfluxDB, and ignored.", "true");
    private static readonly TextParameter[] _ignored = [.. ((string[])["db", "u", "p", "epoch", "pretty", "chunked", "chunk_size", "rp", "params"])
        .Select(name => new TextParameter(name, "Accepted for clients of InfluxDB, and ignored.", "x"))];

    public static void MapInflux(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("InfluxDB");
        group.MapMethods("/ping", ["HEAD"], Ping).For(Need.Anyone).WithQuery(_verbose).ExcludeFromDescription();
        group.MapGet("/ping", Ping).WithName("Ping").For(Need.Anyone).Produces(204).WithSummary("Whether the server answers, as InfluxDB does").WithQuery(_verbose);
        group.MapGet("/health", HealthAsync).WithName("InfluxHealth").For(Need.Anyone).Produces<InfluxHealthResponse>().Produces<InfluxHealthResponse>(503)
            .WithSummary("Readiness in the form of InfluxDB 2: status pass or fail");
        group.MapGet("/query", Query).WithName("Query").For(Need.Anyone).Produces<InfluxQueryResponse>().WithSummary("The queries of clients that write: SHOW DATABASES").WithQuery([_query, .. _ignored]);
        group.MapPost("/query", QueryFormAsync).WithName("QueryForm").For(Need.Anyone).Produces<InfluxQueryResponse>()
            .WithSummary("The same as a form, also CREATE DATABASE, which changes nothing: all writes go to one database").WithQuery([_query, .. _ignored]);
    }

    private static NoContent Ping(HttpResponse response)
    {
        response.Headers["X-Influxdb-Version"] = Version;
        response.Headers["X-Influxdb-Build"] = "OSS";
        return TypedResults.NoContent();
    }

    private static async Task<IResult> HealthAsync(IStoreHealth health, CancellationToken cancellationToken)
    {
        try
        {
            await health.CheckAsync(cancellationToken);
            return TypedResults.Ok(new InfluxHealthResponse("influxdb", "ready for writes", "pass", BuildInfo.Version));
        }
        catch (StoreUnavailableException)
        {
            return TypedResults.Json(new InfluxHealthResponse("influxdb", "the database is unavailable", "fail", BuildInfo.Version), statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static IResult Query(HttpRequest request, HttpResponse response) => Run(new QueryReader(request).Text(_query.Name), response);

    private static async Task<IResult> QueryFormAsync(HttpRequest request, HttpResponse response, CancellationToken cancellationToken)
    {
        var text = new QueryReader(request).Text(_query.Name);
        if (text is null && request.HasFormContentType) text = (await ReadFormAsync(request, cancellationToken))[_query.Name];
        return Run(text, response);
    }

    private static async Task<IFormCollection> ReadFormAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.ReadFormAsync(cancellationToken);
        }
        catch (IOException e) when (e is not (BadHttpRequestException or ConnectionResetException)) // A form in parts that ends too early.
        {
            throw new InvalidDataException("The form is incomplete.", e);
        }
    }

    private static IResult Run(string? query, HttpResponse response)
    {
        response.Headers["X-Influxdb-Version"] = Version;
        var words = (query ?? "").TrimEnd(';', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(3).Select(word => word.ToUpperInvariant()).ToArray();
        return words switch
        {
            ["SHOW", "DATABASES"] => TypedResults.Ok(new InfluxQueryResponse([new(0, [new("databases", ["name"], [["sensordash"]])])])),
            ["CREATE", "DATABASE", _] => TypedResults.Ok(new InfluxQueryResponse([new(0, null)])),
            _ => Problems.Create(StatusCodes.Status400BadRequest, "q must be SHOW DATABASES or CREATE DATABASE; SensorDash reads through /api"),
        };
    }
}

internal sealed record InfluxHealthResponse(string Name, string Message, string Status, string Version)
{
    public IReadOnlyList<string> Checks { get; } = [];
}

internal sealed record InfluxQueryResponse(IReadOnlyList<InfluxQueryResult> Results);

internal sealed record InfluxQueryResult(
    int StatementId, [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<InfluxSeries>? Series);

internal sealed record InfluxSeries(string Name, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Values);
