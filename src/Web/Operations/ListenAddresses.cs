using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace SensorDash.Web.Operations;

/// <summary>The addresses to listen on, and errors of them.</summary>
internal static class ListenAddresses
{
    public const string Setting = "Urls";

    private const int MaxPort = 65_535;

    /// <summary>The addresses of the host's environment variables, which override the file; null when there are none.</summary>
    /// <returns>An empty string for ports, which ASP.NET Core uses when there is no address.</returns>
    public static string? OfEnvironment(IConfiguration configuration, Func<string, string?> variable)
    {
        if (variable("ASPNETCORE_URLS") is { Length: > 0 } urls) return urls;
        if (variable("DOTNET_URLS") is { Length: > 0 } hostUrls) return hostUrls;
        return configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 } || configuration[WebHostDefaults.HttpsPortsKey] is { Length: > 0 } ? "" : null;
    }

    public static IEnumerable<string> Errors(IConfiguration configuration)
        => (configuration[Setting] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(address => !IsValid(address))
            .Select(address => $"{Setting} must be addresses such as http://127.0.0.1:5080, separated by semicolons, not '{address}'.");

    /// <summary>One line for an error of starting to listen; null for any other error.</summary>
    public static string? Explain(Exception error, string? addresses) => error switch
    {
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => error.Message + " Choose another address with --urls http://127.0.0.1:5081.",
        SocketException => $"cannot listen on {addresses}: {error.Message}.",
        // Such as https without a certificate.
        { Source: "Microsoft.AspNetCore.Server.Kestrel.Core" } => $"cannot listen on {addresses}: {error.Message.ReplaceLineEndings(" ")}",
        _ => null,
    };

    /// <summary>An address at which this machine reaches the running server; null before it listens.</summary>
    public static string? Local(IServiceProvider services)
    {
        var addresses = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return addresses.Select(Local).OfType<string>().OrderBy(url => url.StartsWith("https", StringComparison.Ordinal)).FirstOrDefault();
    }

    private static string? Local(string address)
    {
        var binding = BindingAddress.Parse(address);
        if (binding.IsUnixPipe || binding.IsNamedPipe) return null;
        // All interfaces, as ASP.NET Core writes it.
        var host = binding.Host is "0.0.0.0" or "[::]" or "*" or "+" ? "127.0.0.1" : binding.Host;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{binding.Scheme}://{host}:{binding.Port}");
    }

    private static bool IsValid(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme.ToUpperInvariant() is "HTTP" or "HTTPS" && (address.IsUnixPipe || address.IsNamedPipe || address.Port is >= 0 and <= MaxPort);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
