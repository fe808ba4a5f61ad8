using System.Net;

namespace SensorDash.Web.Security;

/// <summary>What only requests from this machine may do, because SensorDash has no login.</summary>
internal static class LocalRequests
{
    /// <summary>Why a transfer is refused.</summary>
    public const string TransferRule = "transfers are for requests from this machine only, because SensorDash has no login";

    public static bool IsLocal(HttpContext context) => context.Connection.RemoteIpAddress is not { } remote || IPAddress.IsLoopback(remote);
}
