using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Nodes;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Deletion of many nodes, such as those of a flood of wrong addresses.</summary>
internal static class NodeDeletionApi
{
    public static void MapNodeDeletion(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/nodes").WithTags("Nodes");
        group.MapGet("/deletion-preview", PreviewAsync).WithName("PreviewNodeDeletion").For(Need.Admin).Produces<DeletionPreview>()
            .WithSummary("Nodes and readings that DELETE /api/nodes with the same query deletes").WithQuery(NodeCriteriaParameters.All);
        group.MapDelete("", DeleteAsync).WithName("DeleteNodes").For(Need.Admin).Produces<NodesDeleted>()
            .WithSummary("Deletes all nodes that meet the conditions, at least one, with their readings and metadata").WithQuery(NodeCriteriaParameters.All);
    }

    private static async Task<IResult> PreviewAsync(HttpRequest request, INodeStore nodes, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var criteria = NodeCriteriaParameters.Read(reader);
        if (Reject(reader, criteria) is { } problem) return problem;
        var count = await nodes.CountAsync(criteria!, cancellationToken);
        return TypedResults.Ok(new DeletionPreview(count.Nodes, count.Readings));
    }

    private static async Task<IResult> DeleteAsync(HttpRequest request, INodeStore nodes, AuditTrail audit, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var criteria = NodeCriteriaParameters.Read(reader);
        if (Reject(reader, criteria) is { } problem) return problem;
        var removed = await audit.DeleteAllAsync(request.HttpContext, nodes, criteria!, cancellationToken);
        return TypedResults.Ok(new NodesDeleted(removed.Nodes, removed.Readings));
    }

    private static ProblemHttpResult? Reject(QueryReader reader, NodeCriteria? criteria)
        => reader.HasErrors ? Problems.Invalid(reader.Errors) : criteria is null ? Problems.Create(StatusCodes.Status400BadRequest, NodeCriteriaParameters.Required) : null;
}

/// <param name="Nodes">Nodes that meet the conditions now.</param>
/// <param name="Readings">Their readings.</param>
internal sealed record DeletionPreview(long Nodes, long Readings);

/// <param name="DeletedNodes">Number of deleted nodes.</param>
/// <param name="DeletedReadings">Number of deleted readings.</param>
internal sealed record NodesDeleted(long DeletedNodes, long DeletedReadings);
