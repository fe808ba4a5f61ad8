using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;

namespace SensorDash.Web.Security;

/// <summary>Who can reach the server: only this machine, or others too.</summary>
/// <remarks>The addresses on which the server listens decide, never the client's: behind a proxy on this machine everybody looks local.</remarks>
internal sealed class Exposure(IServer server, IHostApplicationLifetime lifetime, IOptions<SecurityOptions> options, AccessDirectory directory)
{
    private readonly bool _hasProxy = options.Value.ProxyNetworks.Count > 0;
    private bool? _isPublic;

    /// <summary>Whether other machines can reach it, directly or through a proxy.</summary>
    public bool IsPublic
    {
        get
        {
            if (_isPublic is { } known) return known;
            var isPublic = _hasProxy || (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Any(address => !IsLoopback(address));
            // While the server starts, it may not listen on all its addresses yet.
            if (lifetime.ApplicationStarted.IsCancellationRequested) _isPublic = isPublic;
            return isPublic;
        }
    }

    /// <summary>Whether requests need no sign-in: only this machine can send them, and nobody is an administrator.</summary>
    /// <param name="context">A request that came in on another address than the loopback needs one in any case.</param>
    public bool IsOpen(HttpContext context)
        => !IsPublic && directory.Current is { HasAdmin: false } && (context.Connection.LocalIpAddress is not { } local || IPAddress.IsLoopback(local));

    /// <summary>Whether a request says that a proxy passes it on, although none is configured: then everybody would look local.</summary>
    public bool IsFromUnknownProxy(HttpContext context)
        => !_hasProxy && IsOpen(context) && context.Request.Headers.Any(h => h.Key.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || h.Key.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether only this machine can reach an address on which a server listens.</summary>
    internal static bool IsLoopback(string address)
    {
        var binding = BindingAddress.Parse(address);
        if (binding.IsUnixPipe || binding.IsNamedPipe) return true; // The rights of the file decide.
        return binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }
}
