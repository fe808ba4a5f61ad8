using System.Net;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>The names by which browsers may call this server: <c>AllowedHosts</c>, IP addresses and localhost.</summary>
/// <remarks>
/// Against DNS rebinding: a web page may point its own name to this machine, and its scripts are then at home here. It needs a name for that, so addresses are
/// safe, and a wildcard for all names is not a valid setting.
/// </remarks>
internal sealed class HostNames
{
    private const string Setting = "AllowedHosts";

    private readonly string[] _names;

    private HostNames(string[] names) => _names = names;

    /// <summary>Errors of the setting.</summary>
    public static IEnumerable<string> Errors(IConfiguration configuration)
        => NamesOf(configuration).Where(name => Uri.CheckHostName(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name) == UriHostNameType.Unknown)
            .Select(name => $"{Setting} must be host names separated by semicolons, such as hub.lan;*.example.org, not '{name}'. IP addresses and localhost are always allowed.");

    /// <summary>Rejects requests by other names.</summary>
    public static void Use(WebApplication app)
    {
        var names = new HostNames([.. NamesOf(app.Configuration)]);
        app.Use((context, next) => names.Contain(context.Request.Host.Host)
            ? next(context)
            : Problems.WriteAsync(context, StatusCodes.Status400BadRequest, $"this host name is not allowed; add it to the setting {Setting}"));
    }

    /// <param name="host">Of a request, without the port; empty in HTTP/1.0.</param>
    private bool Contain(string host)
        => host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host, out _) || _names.Any(name => Matches(name, host));

    private static bool Matches(string name, string host) => name.StartsWith("*.", StringComparison.Ordinal)
        ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase)
        : host.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string[] NamesOf(IConfiguration configuration)
        => (configuration[Setting] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
