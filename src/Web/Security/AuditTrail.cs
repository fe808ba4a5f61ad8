using System.Globalization;
using SensorDash.Data.Access;
using SensorDash.Data.Nodes;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>Tells the audit log who did what: the actor is the user or the key of the request.</summary>
internal sealed class AuditTrail(AuditLog log)
{
    /// <summary>The actor of requests without a sign-in or a key, such as a refused sign-in.</summary>
    public const string NotSignedIn = "not signed in";

    /// <summary>Adds an entry about an act that is done. Never throws because of the store: see <see cref="AuditLog.RecordAsync"/>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="action">One of <see cref="AuditAction"/>.</param>
    /// <param name="target">What it was done to; null if there is nothing.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="detail">For people; never a secret.</param>
    /// <param name="cancellationToken">Ends the wait of the caller; the entry is written all the same, because the act is done.</param>
    public Task WriteAsync(HttpContext context, string action, string? target, AuditOutcome outcome, string? detail, CancellationToken cancellationToken)
        => log.RecordAsync(ActorOf(context), AddressOf(context), action, target, outcome, detail).WaitAsync(cancellationToken);

    /// <summary>Runs an act of several steps, and tells its result, or that it broke off: then some of its steps may be done.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public async Task<T> RunAsync<T>(HttpContext context, string action, string? target, Func<Task<T>> act, Func<T, string?> detail, CancellationToken cancellationToken)
    {
        T result;
        try
        {
            result = await act();
        }
        catch
        {
            await WriteAsync(context, action, target, AuditOutcome.Failed, "broke off; what was done before stays done", CancellationToken.None);
            throw;
        }
        await WriteAsync(context, action, target, AuditOutcome.Done, detail(result), cancellationToken);
        return result;
    }

    /// <summary>Deletes nodes. A deletion of many goes in steps, and may break off between two.</summary>
    public Task<NodeCount> DeleteAllAsync(HttpContext context, INodeStore nodes, NodeCriteria criteria, CancellationToken cancellationToken)
        => RunAsync(context, AuditAction.NodeDelete, NodeCriteriaParameters.Describe(criteria), () => nodes.DeleteAllAsync(criteria, cancellationToken), Describe, cancellationToken);

    /// <summary>A node as target.</summary>
    public static string NodeText(int address) => FormattableString.Invariant($"node {address}");

    /// <summary>A zone as target.</summary>
    public static string ZoneText(Zone zone) => FormattableString.Invariant($"zone {zone.Id}, {zone.Name}");

    /// <summary>Deleted nodes as detail.</summary>
    public static string Describe(NodeCount count) => FormattableString.Invariant($"nodes: {count.Nodes}, readings: {count.Readings}");

    /// <summary>Metadata of a node as detail, without its notes.</summary>
    public static string Describe(NodeMetadata metadata) => FormattableString.Invariant(
        $"name: {metadata.Name ?? "none"}, location: {metadata.Location ?? "none"}, zone: {metadata.ZoneId?.ToString(CultureInfo.InvariantCulture) ?? "none"}, expected interval: {metadata.ExpectedIntervalS?.ToString(CultureInfo.InvariantCulture) ?? "estimated"}");

    /// <summary>Who asks.</summary>
    public static string ActorOf(HttpContext context) => context.User.Identity?.Name ?? NotSignedIn;

    /// <summary>From where; null without a network address.</summary>
    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();
}
