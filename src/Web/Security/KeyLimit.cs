using System.Globalization;
using System.Security.Claims;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>What a limited key reaches: only what a request, or a row, names. Readings of all nodes are not narrowed to those of the key, because statistics would silently mean something else.</summary>
internal sealed class KeyLimit
{
    /// <summary>The claims with the limits of a key.</summary>
    public const string NodesClaim = "nodes", EventScopesClaim = "event-scopes";

    private static readonly string[] _nodeParameters = ["nodes", "node_address"];

    private readonly IReadOnlyList<(int First, int Last)>? _nodes;
    private readonly HashSet<string>? _scopes;
    private readonly string _text;

    private KeyLimit(string? nodes, string? scopes)
    {
        _nodes = nodes is null ? null : KeyLimits.ParseNodes(nodes);
        _scopes = scopes is null ? null : [.. scopes.Split('\n')];
        _text = KeyLimits.Describe(nodes, scopes);
    }

    /// <summary>The limit of whoever asks; null without one.</summary>
    public static KeyLimit? Of(ClaimsPrincipal principal)
    {
        var (nodes, scopes) = (principal.FindFirst(NodesClaim)?.Value, principal.FindFirst(EventScopesClaim)?.Value);
        return nodes is null && scopes is null ? null : new(nodes, scopes);
    }

    /// <summary>Refuses requests of limited keys for more than their limit.</summary>
    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (Of(context.User) is not { } limit || context.GetEndpoint()?.Metadata is not { } metadata) return next(context);
        return limit.FindRefusal(context.Request, metadata) is { } refusal ? Problems.WriteAsync(context, StatusCodes.Status403Forbidden, refusal) : next(context);
    });

    /// <summary>Why a reading is refused; null if it is not.</summary>
    public string? FindRefusal(Reading reading) => Contains(reading.NodeAddress) ? null : $"is not one of the key, which is limited to {_text}";

    /// <summary>Why an event is refused; null if it is not.</summary>
    public string? FindRefusal(LaneEvent laneEvent) => FindRefusal(laneEvent.ScopeId);

    /// <summary>Why an event scope is refused; null if it is not.</summary>
    public string? FindRefusal(string scope) => _scopes?.Contains(scope) == true ? null : $"is not one of the key, which is limited to {_text}";

    /// <summary>Why a filter of events is refused; null if it is not.</summary>
    public string? FindRefusal(EventFilter filter)
        => filter.Scopes.Count > 0 && filter.Scopes.All(s => FindRefusal(s) is null) ? null : $"name scopes of the key in filters.scope: it is limited to {_text}";

    private string? FindRefusal(HttpRequest request, EndpointMetadataCollection metadata)
    {
        if (metadata.GetMetadata<NeedAttribute>()?.Need is Need.Nothing or Need.Anyone || metadata.GetMetadata<ChecksRows>() is not null) return null;
        if (request.RouteValues.TryGetValue("address", out var address))
            return int.TryParse(address?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var node) && Contains(node) ? null : $"the key is limited to {_text}";
        var parameters = metadata.GetOrderedMetadata<QueryParameter>();
        if (parameters.FirstOrDefault(p => _nodeParameters.Contains(p.Name)) is { } nodes)
        {
            var named = Split(request, nodes.Name);
            return named.Length > 0 && named.All(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var one) && Contains(one)) ? null : $"name nodes of the key in {nodes.Name}: it is limited to {_text}";
        }
        if (parameters.Any(p => p.Name == EventParameters.Scope.Name))
        {
            var named = Split(request, EventParameters.Scope.Name);
            return named.Length > 0 && named.All(s => FindRefusal(s) is null) ? null : $"name scopes of the key in {EventParameters.Scope.Name}: it is limited to {_text}";
        }
        return $"the key is limited to {_text}, and this is about more";
    }

    private bool Contains(int node) => _nodes?.Any(range => node >= range.First && node <= range.Last) == true;

    private static string[] Split(HttpRequest request, string parameter) => new QueryReader(request).Text(parameter)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
}

/// <summary>Marks an endpoint that checks each of its rows against the limit of a key, so that one bad row does not hold up good ones.</summary>
internal sealed class ChecksRows
{
    public static ChecksRows Instance { get; } = new();
}
