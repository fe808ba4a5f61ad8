using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Access;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Nodes and their metadata.</summary>
internal static class NodesApi
{
    /// <summary>Nodes of one page at most, and by default: as many as a hub has by default.</summary>
    public const int MaxListed = 10_000;

    public static readonly WholeParameter Limit = new("limit", 1, MaxListed, "Maximum number of nodes, 1 to 10000. Default 10000.", "100", MaxListed);
    public static readonly NodeCursorParameter Cursor = new();

    public static void MapNodes(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/nodes").WithTags("Nodes");
        group.MapGet("", ListAsync).WithName("ListNodes").For(Need.Viewer).Produces<NodeList>().WithSummary("Nodes with status and latest reading, by address").WithQuery(Limit, Cursor);
        group.MapGet("/{address:int}", FindAsync).WithName("GetNode").For(Need.Viewer).Produces<NodeResponse>().WithSummary("One node");
        group.MapDelete("/{address:int}", DeleteAsync).WithName("DeleteNode").For(Need.Admin).Produces<NodeDeleted>()
            .WithSummary("Deletes a node with its readings and metadata");
        group.MapGet("/{address:int}/metadata", GetMetadataAsync).WithName("GetMetadata").For(Need.Viewer).Produces<MetadataResponse>()
            .WithSummary("Name, location, notes, zone and expected interval of a node");
        group.MapPut("/{address:int}/metadata", PutMetadataAsync).WithName("PutMetadata").For(Need.Operator).Produces<MetadataResponse>()
            .WithBody("""{"name": "Cellar", "location": "behind the stairs", "expected_interval_s": 30}""")
            .WithSummary("Changes metadata: an absent field is kept, null or \"\" clears it");
        group.MapPut("/{address:int}/zone", PutZoneAsync).WithName("PutNodeZone").For(Need.Operator).Produces<MetadataResponse>()
            .WithBody("""{"zone_id": 1}""").WithSummary("Assigns a node to a zone; null removes it from its zone");
    }

    public static ProblemHttpResult NodeNotFound(int address) => Problems.NotFound($"node {address} not found");

    private static async Task<IResult> ListAsync(HttpRequest request, NodeViews nodes, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (limit, after) = ((int)Limit.Read(reader)!, Cursor.Read(reader));
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var views = await nodes.ListAsync(after, limit + 1, cancellationToken);
        return TypedResults.Ok(new NodeList(Math.Min(limit, views.Count), NodeCursorParameter.Next(views, limit, v => v.Node.Address), [.. views.Take(limit).Select(NodeResponse.Of)]));
    }

    private static async Task<IResult> FindAsync(int address, NodeViews nodes, CancellationToken cancellationToken)
        => await nodes.FindAsync(address, cancellationToken) is { } view ? TypedResults.Ok(NodeResponse.Of(view)) : NodeNotFound(address);

    private static async Task<IResult> DeleteAsync(int address, HttpContext context, INodeStore nodes, AuditTrail audit, CancellationToken cancellationToken)
    {
        if (!await nodes.DeleteAsync(address, cancellationToken)) return NodeNotFound(address);
        await audit.WriteAsync(context, AuditAction.NodeDelete, AuditTrail.NodeText(address), AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Ok(new NodeDeleted(address));
    }

    private static async Task<IResult> GetMetadataAsync(int address, INodeStore nodes, NodeDirectory directory, CancellationToken cancellationToken)
    {
        if (await nodes.FindAsync(address, cancellationToken) is null) return NodeNotFound(address);
        return TypedResults.Ok(MetadataResponse.Of(await directory.FindMetadataAsync(address, cancellationToken)));
    }

    private static Task<IResult> PutMetadataAsync(int address, HttpRequest request, NodeDirectory directory, AuditTrail audit, CancellationToken cancellationToken)
        => EditAsync(address, request, directory, audit, body =>
        {
            var patch = new NodeMetadataPatch();
            if (body.Text("name", out var name)) patch.SetName(name);
            if (body.Text("location", out var location)) patch.SetLocation(location);
            if (body.Text("notes", out var notes)) patch.SetNotes(notes);
            if (body.Whole("zone_id", out var zone)) patch.SetZone(zone);
            if (body.Whole("expected_interval_s", out var interval)) patch.SetExpectedInterval(interval);
            return patch;
        }, cancellationToken);

    private static Task<IResult> PutZoneAsync(int address, HttpRequest request, NodeDirectory directory, AuditTrail audit, CancellationToken cancellationToken)
        => EditAsync(address, request, directory, audit, body =>
        {
            var patch = new NodeMetadataPatch();
            if (body.Whole("zone_id", out var zone)) patch.SetZone(zone);
            else if (!body.Has("zone_id")) patch.Error("zone_id", "is required; null removes the node from its zone");
            return patch;
        }, cancellationToken);

    private static async Task<IResult> EditAsync(
        int address, HttpRequest request, NodeDirectory directory, AuditTrail audit, Func<JsonObjectBody, NodeMetadataPatch> read, CancellationToken cancellationToken)
    {
        var (body, problem) = await JsonObjectBody.ReadAsync(request, cancellationToken);
        if (problem is not null) return problem;
        var patch = read(body!);
        var errors = body!.Errors.Concat(patch.Errors).DistinctBy(f => f.Key).ToDictionary();
        if (errors.Count > 0) return Problems.Invalid(errors);
        var (outcome, metadata) = await directory.EditMetadataAsync(address, patch, cancellationToken);
        if (outcome == MetadataWrite.NodeNotFound) return NodeNotFound(address);
        if (outcome == MetadataWrite.ZoneNotFound) return Problems.Invalid(new Dictionary<string, string[]> { ["zone_id"] = [$"must be an existing zone, not {patch.WantedZone}"] });
        await audit.WriteAsync(request.HttpContext, AuditAction.NodeEdit, AuditTrail.NodeText(address), AuditOutcome.Done, AuditTrail.Describe(metadata!), cancellationToken);
        return TypedResults.Ok(MetadataResponse.Of(metadata));
    }
}

/// <param name="Next">Cursor of the next page, or null at the end.</param>
internal sealed record NodeList(int Count, string? Next, IReadOnlyList<NodeResponse> Nodes);

/// <param name="Deleted">Address of the deleted node.</param>
internal sealed record NodeDeleted(int Deleted);
