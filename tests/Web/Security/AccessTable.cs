using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>Everything that can be asked of a hub, and the requests with which the table of rights asks for it. None of them changes what another one gets.</summary>
internal static class AccessTable
{
    // A node and an event scope of the limited key, and others.
    public static readonly (string Node, string Scope) Inside = ("12", "core"), Outside = ("13", "other");

    // Requests that name a node or a scope. All others are asked without a query and a body, which is often invalid; that is no question of rights.
    private static readonly Dictionary<string, (string? Query, string? Body, string? MediaType)> _requests = new()
    {
        ["POST /api/sensor-data"] = (null, """{"node_address":{node},"timestamp":1767225600,"temperature_celsius":21.5,"humidity_percent":40}""", "application/json"),
        ["POST /write"] = (null, "climate,node={node} temp=21.5,hum=40 1767225660000000000", "text/plain"),
        ["POST /api/v2/write"] = (null, "climate,node={node} temp=21.5,hum=40 1767225720000000000", "text/plain"),
        ["POST /api/events"] = (null, """
            {"lane":"parsed","scopeId":"{scope}","sourceTruthTime":"2026-01-26T10:00:00Z","streamId":"s","streamType":"t","schemaVersion":"1","payload":{"open":true}}
            """, "application/json"),
        ["GET /api/sensor-data"] = ("node_address={node}", null, null),
        ["GET /api/sensor-data/live"] = ("nodes={node}", null, null),
        ["GET /api/sensor-data/export"] = ("node_address={node}", null, null),
        ["GET /api/sensor-data/export/manifest"] = ("node_address={node}", null, null),
        ["GET /api/nodes/series"] = ("nodes={node}", null, null),
        ["GET /api/events"] = ("scope={scope}", null, null),
        ["GET /api/events/live"] = ("scope={scope}", null, null),
        ["GET /api/events/metadata"] = ("scope={scope}", null, null),
        ["GET /api/events/ui-state"] = ("scope={scope}&systemId=a&containerId=b&uniqueId=c&viewId=d", null, null),
        ["GET /api/events/export"] = ("scope={scope}", null, null),
        ["GET /api/events/export/manifest"] = ("scope={scope}", null, null),
    };

    // So that the handler refuses the form for what it says, not with 400, which means a wrong token here.
    private static readonly Dictionary<string, KeyValuePair<string, string>[]> _fields = new()
    {
        ["POST /system/users?handler=Add"] = [new("role", "viewer")],
        ["POST /system/users?handler=Role"] = [new("id", "nobody"), new("role", "viewer")],
        ["POST /system/users?handler=Reset"] = [new("id", "nobody")],
        ["POST /system/users?handler=Remove"] = [new("id", "nobody")],
        ["POST /system/keys?handler=Add"] = [new("days", "0")],
        ["POST /system/keys?handler=Revoke"] = [new("id", "999999")],
        ["POST /zones?handler=Edit"] = [new("id", "999999")],
        ["POST /zones?handler=Delete"] = [new("id", "999999")],
    };

    private static readonly Dictionary<string, object> _messages = new()
    {
        ["query"] = new { type = "query", requestId = "r", filters = new { scope = "{scope}" } },
        ["startStream"] = new { type = "startStream", filters = new { scope = "{scope}" } },
        ["command"] = new { type = "command", requestId = "r", scopeId = "{scope}", commandId = "c", targetId = "t", commandType = "k", payload = new { on = true } },
    };

    /// <summary>The endpoints of the API, such as <c>GET /api/nodes</c>.</summary>
    public static IReadOnlyList<string> Endpoints(SensorDashApp app)
        => [.. Routes(app).Where(r => r.Metadata.GetMetadata<PageActionDescriptor>() is null)
            .SelectMany(r => r.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(m => $"{m} /{r.RoutePattern.RawText!.Trim('/')}"))
            .Distinct().OrderBy(r => r.Split(' ')[1], StringComparer.Ordinal).ThenBy(r => r, StringComparer.Ordinal)];

    /// <summary>Pages, their views and forms, such as <c>POST /zones?handler=Add</c>. The one that ends the session is the last.</summary>
    public static async Task<IReadOnlyList<string>> PageHandlersAsync(SensorDashApp app)
    {
        var loader = app.Services.GetRequiredService<PageLoader>();
        var handlers = new List<string>();
        foreach (var route in Routes(app))
        {
            if (route.Metadata.GetMetadata<PageActionDescriptor>() is not { } page) continue;
            var path = "/" + route.RoutePattern.RawText!.Trim('/');
            var methods = (await loader.LoadAsync(page, route.Metadata)).HandlerMethods;
            if (methods.Count == 0) handlers.Add($"GET {path}");
            handlers.AddRange(methods.Select(m => $"{m.HttpMethod.ToUpperInvariant()} {path}{(m.Name is { } name ? $"?handler={name}" : "")}"));
        }
        return [.. handlers.Distinct().OrderBy(h => h.EndsWith("=Out", StringComparison.Ordinal)).ThenBy(h => h.Split(' ')[1], StringComparer.Ordinal).ThenBy(h => h, StringComparer.Ordinal)];
    }

    /// <summary>What <paramref name="asker"/> gets of a row.</summary>
    public static async Task<string> AskAsync(Asker asker, string row, bool isPage)
    {
        if (asker.HasForeignToken && !(isPage && row.StartsWith("POST", StringComparison.Ordinal))) return Asker.None;
        var inside = await AskAsync(asker, row, isPage, Inside);
        if (!asker.IsLimited || inside != "yes") return inside;
        return await AskAsync(asker, row, isPage, Outside) == "yes" ? "yes" : "limits";
    }

    /// <summary>What <paramref name="asker"/> gets for a message.</summary>
    public static async Task<string> AskSocketAsync(Asker asker, Uri address, string type)
    {
        if (asker.HasForeignToken) return Asker.None;
        var inside = await SendAsync(asker, address, type, Inside);
        if (!asker.IsLimited || inside != "yes") return inside;
        return await SendAsync(asker, address, type, Outside) == "yes" ? "yes" : "limits";
    }

    private static Task<string> SendAsync(Asker asker, Uri address, string type, (string Node, string Scope) what)
    {
        var message = System.Text.Json.JsonSerializer.Serialize(_messages.GetValueOrDefault(type) ?? new { type }).Replace("{scope}", what.Scope, StringComparison.Ordinal);
        return asker.AskSocketAsync(address, System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(message));
    }

    private static Task<string> AskAsync(Asker asker, string row, bool isPage, (string Node, string Scope) what)
    {
        var (method, path) = (row.Split(' ')[0], row.Split(' ')[1]);
        var (query, body, mediaType) = _requests.GetValueOrDefault(row);
        path = Fill(path).Replace("{address:int}", what.Node, StringComparison.Ordinal).Replace("{id:int}", "999999", StringComparison.Ordinal)
            .Replace("{eventId}", "none", StringComparison.Ordinal).Replace("{id}", "none", StringComparison.Ordinal);
        if (path.Contains('{')) throw new InvalidOperationException($"The table does not know what to ask for: {path}.");
        if (query is not null) path += (path.Contains('?') ? "&" : "?") + Fill(query);
        return isPage ? asker.AskPageAsync(method, path, _fields.GetValueOrDefault(row) ?? []) : asker.AskApiAsync(method, path, body is null ? null : Fill(body), mediaType);

        string Fill(string text) => text.Replace("{node}", what.Node, StringComparison.Ordinal).Replace("{scope}", what.Scope, StringComparison.Ordinal);
    }

    private static IEnumerable<RouteEndpoint> Routes(SensorDashApp app) => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
}
