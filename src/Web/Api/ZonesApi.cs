using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Access;
using SensorDash.Data.Nodes;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Zones, which group nodes.</summary>
internal static class ZonesApi
{
    public static void MapZones(this IEndpointRouteBuilder routes)
    {
        const string Example = """{"name": "Greenhouse", "color": "#22C55E", "description": "Both beds"}""";
        var group = routes.MapGroup("/api/zones").WithTags("Zones");
        group.MapGet("", ListAsync).WithName("ListZones").For(Need.Viewer).Produces<ZoneList>().WithSummary("All zones, by name");
        group.MapPost("", AddAsync).WithName("AddZone").For(Need.Operator).Produces<ZoneResponse>(StatusCodes.Status201Created).WithBody(Example)
            .WithSummary("Adds a zone; the color is #RRGGBB");
        group.MapGet("/{id:int}", FindAsync).WithName("GetZone").For(Need.Viewer).Produces<ZoneResponse>().WithSummary("One zone");
        group.MapPut("/{id:int}", EditAsync).WithName("PutZone").For(Need.Operator).Produces<ZoneResponse>().WithBody(Example)
            .WithSummary("Changes a zone: an absent field is kept");
        group.MapDelete("/{id:int}", DeleteAsync).WithName("DeleteZone").For(Need.Operator).Produces<ZoneDeleted>()
            .WithSummary("Deletes a zone; its nodes are kept, without a zone");
    }

    private static ProblemHttpResult ZoneNotFound(int id) => Problems.NotFound($"zone {id} not found");

    private static async Task<Ok<ZoneList>> ListAsync(ZoneDirectory zones, CancellationToken cancellationToken)
    {
        var all = await zones.ListAsync(cancellationToken);
        return TypedResults.Ok(new ZoneList(all.Count, [.. all.Select(ZoneResponse.Of)]));
    }

    private static async Task<IResult> FindAsync(int id, ZoneDirectory zones, CancellationToken cancellationToken)
        => await zones.FindAsync(id, cancellationToken) is { } zone ? TypedResults.Ok(ZoneResponse.Of(zone)) : ZoneNotFound(id);

    private static async Task<IResult> AddAsync(HttpRequest request, ZoneDirectory zones, AuditTrail audit, CancellationToken cancellationToken)
    {
        var (body, problem) = await JsonObjectBody.ReadAsync(request, cancellationToken);
        if (problem is not null) return problem;
        var patch = ReadPatch(body!);
        if (!body!.Has("name")) patch.SetName(null);
        if (ErrorsOf(body, patch) is { Count: > 0 } errors) return Problems.Invalid(errors);
        var zone = patch.Create();
        await zones.AddAsync(zone, cancellationToken);
        await audit.WriteAsync(request.HttpContext, AuditAction.ZoneAdd, AuditTrail.ZoneText(zone), AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Created($"/api/zones/{zone.Id}", ZoneResponse.Of(zone));
    }

    private static async Task<IResult> EditAsync(int id, HttpRequest request, ZoneDirectory zones, AuditTrail audit, CancellationToken cancellationToken)
    {
        var (body, problem) = await JsonObjectBody.ReadAsync(request, cancellationToken);
        if (problem is not null) return problem;
        var patch = ReadPatch(body!);
        if (ErrorsOf(body!, patch) is { Count: > 0 } errors) return Problems.Invalid(errors);
        if (await zones.EditAsync(id, patch, cancellationToken) is not { } zone) return ZoneNotFound(id);
        await audit.WriteAsync(request.HttpContext, AuditAction.ZoneEdit, AuditTrail.ZoneText(zone), AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Ok(ZoneResponse.Of(zone));
    }

    private static async Task<IResult> DeleteAsync(int id, HttpContext context, ZoneDirectory zones, AuditTrail audit, CancellationToken cancellationToken)
    {
        if (await zones.FindAsync(id, cancellationToken) is not { } zone || !await zones.DeleteAsync(id, cancellationToken)) return ZoneNotFound(id);
        await audit.WriteAsync(context, AuditAction.ZoneDelete, AuditTrail.ZoneText(zone), AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Ok(new ZoneDeleted(id));
    }

    private static ZonePatch ReadPatch(JsonObjectBody body)
    {
        var patch = new ZonePatch();
        if (body.Text("name", out var name)) patch.SetName(name);
        if (body.Text("color", out var color)) patch.SetColor(color);
        if (body.Text("description", out var description)) patch.SetDescription(description);
        return patch;
    }

    private static Dictionary<string, string[]> ErrorsOf(JsonObjectBody body, ZonePatch patch)
        => body.Errors.Concat(patch.Errors).DistinctBy(f => f.Key).ToDictionary();
}

internal sealed record ZoneList(int Count, IReadOnlyList<ZoneResponse> Zones);

/// <param name="Deleted">Id of the deleted zone.</param>
internal sealed record ZoneDeleted(int Deleted);

internal sealed record ZoneResponse(int Id, string Name, string Color, string? Description)
{
    public static ZoneResponse Of(Zone zone) => new(zone.Id, zone.Name, zone.Color, zone.Description);
}
