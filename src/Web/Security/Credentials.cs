using System.Net.Http.Headers;
using System.Text;

namespace SensorDash.Web.Security;

/// <summary>The key, or ticket, that a request brings.</summary>
internal sealed class Credentials
{
    // Only where clients of InfluxDB, and EventSource, cannot send a header. Elsewhere the parameters are unknown.
    private static readonly string[] _passwordPaths = ["/write", "/api/v2/write", "/query", "/ping"], _ticketPaths = ["/api/events/live", "/api/sensor-data/live", "/ws"];

    /// <summary>The text of a key, of whatever form; null without one.</summary>
    public string? Key { get; private init; }

    /// <summary>A ticket for one request; null without one.</summary>
    public string? Ticket { get; private init; }

    /// <summary>Takes the secrets out of the address of each request, so that no log, trace or error page has them.</summary>
    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Features.Set(Take(context.Request));
        return next(context);
    });

    public static Credentials Of(HttpContext context) => context.Features.Get<Credentials>()!;

    private static Credentials Take(HttpRequest request)
    {
        var header = OfHeader(request.Headers.Authorization);
        if (!request.QueryString.HasValue) return new() { Key = header };
        var path = (request.Path.Value ?? "").TrimEnd('/'); // As routing takes it.
        var (password, ticket) = (default(string), default(string));
        if (_passwordPaths.Contains(path, StringComparer.OrdinalIgnoreCase)) (password, _) = (TakeParameter(request, "p"), TakeParameter(request, "u"));
        else if (_ticketPaths.Contains(path, StringComparer.OrdinalIgnoreCase)) ticket = TakeParameter(request, "ticket");
        return new() { Key = header ?? password, Ticket = ticket };
    }

    private static string? OfHeader(string? header)
    {
        if (!AuthenticationHeaderValue.TryParse(header, out var value) || value.Parameter is not { } text) return null;
        if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) || value.Scheme.Equals("Token", StringComparison.OrdinalIgnoreCase)) return Password(text);
        if (!value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) return null;
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length)) return "";
        return Password(Encoding.UTF8.GetString(bytes, 0, length));
    }

    // A name before a colon, as InfluxDB has it, means nothing: the key is enough.
    private static string Password(string text) => text[(text.IndexOf(':') + 1)..];

    // A name in other letters is an unknown parameter, but its value is a secret all the same.
    private static string? TakeParameter(HttpRequest request, string name)
    {
        if (!request.Query.TryGetValue(name, out var values)) return null;
        var isExact = request.Query.Keys.Contains(name, StringComparer.Ordinal);
        request.QueryString = QueryString.Create(request.Query.SelectMany(p => !p.Key.Equals(name, StringComparison.OrdinalIgnoreCase) ? p.Value.Select(v => KeyValuePair.Create(p.Key, v))
            : isExact ? [] : [KeyValuePair.Create(p.Key, (string?)"")]));
        return isExact ? values.ToString() : null;
    }
}
