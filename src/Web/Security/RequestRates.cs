using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>How many requests a key, a person, or an address that proves nothing, may make. A server that needs no sign-in has no limit.</summary>
/// <remarks>A service, because limiters run a timer until they are disposed: it would keep a host alive that ended at a cut-over.</remarks>
internal sealed class RequestRates : IAsyncDisposable
{
    // Of the rate of a second: a page loads several parts at once, and a gateway sends what it kept.
    private const int Burst = 4;

    // Of an IPv6 address the network: whoever has one has all its addresses.
    private const int NetworkBytes = 8;

    private readonly PartitionedRateLimiter<HttpContext> _all, _signIns;

    public RequestRates(IOptions<SecurityOptions> security, Exposure exposure)
    {
        _all = PartitionedRateLimiter.Create<HttpContext, string>(context => exposure.IsOpen(context) ? RateLimitPartition.GetNoLimiter("") : OfAll(context, security.Value));
        _signIns = PartitionedRateLimiter.Create<HttpContext, string>(context => IsSignIn(context) && !exposure.IsOpen(context)
            ? RateLimitPartition.GetFixedWindowLimiter(AddressOf(context), _ => PerMinute(security.Value.SignInsPerMinute)) : RateLimitPartition.GetNoLimiter(""));
    }

    /// <summary>Refuses requests beyond the rates, after it is known who asks.</summary>
    /// <remarks>Not ASP.NET Core's middleware: it makes a limiter that nothing disposes.</remarks>
    public static void Use(IApplicationBuilder app)
    {
        var rates = app.ApplicationServices.GetRequiredService<RequestRates>();
        app.Use(async (context, next) =>
        {
            foreach (var limiter in (PartitionedRateLimiter<HttpContext>[])[rates._all, rates._signIns])
            {
                using var lease = limiter.AttemptAcquire(context);
                if (lease.IsAcquired) continue;
                await RejectAsync(context, lease);
                return;
            }
            await next(context);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _all.DisposeAsync();
        await _signIns.DisposeAsync();
    }

    private static RateLimitPartition<string> OfAll(HttpContext context, SecurityOptions options)
    {
        // Only a known name: a made-up one would get a limit of its own each time.
        if (context.User.Identity is { IsAuthenticated: true, Name: { } name } && name != Rights.OpenNetworkName)
            return RateLimitPartition.GetTokenBucketLimiter(name, _ => PerSecond(options.RequestsPerSecond));
        return context.User.Identity is { IsAuthenticated: true }
            ? RateLimitPartition.GetTokenBucketLimiter($"open {AddressOf(context)}", _ => PerSecond(options.RequestsPerSecond))
            : RateLimitPartition.GetFixedWindowLimiter($"unknown {AddressOf(context)}", _ => PerMinute(options.UnknownRequestsPerMinute));
    }

    // By the page, not the address, which has several spellings.
    private static bool IsSignIn(HttpContext context)
        => HttpMethods.IsPost(context.Request.Method) && context.GetEndpoint()?.Metadata.GetMetadata<PageActionDescriptor>()?.ViewEnginePath is "/People/SignIn" or "/People/SetUp"
            && !context.Request.Query["handler"].ToString().Equals("Out", StringComparison.OrdinalIgnoreCase);

    private static string AddressOf(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address) return "local"; // A Unix socket.
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address) ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes)) : address.ToString();
    }

    private static TokenBucketRateLimiterOptions PerSecond(int requests)
        => new() { TokenLimit = requests * Burst, TokensPerPeriod = requests, ReplenishmentPeriod = TimeSpan.FromSeconds(1), AutoReplenishment = true };

    private static FixedWindowRateLimiterOptions PerMinute(int requests) => new() { PermitLimit = requests, Window = TimeSpan.FromMinutes(1), AutoReplenishment = true };

    private static async Task RejectAsync(HttpContext context, RateLimitLease lease)
    {
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(1);
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (!Problems.AcceptsHtml(context)) await Problems.WriteAsync(context, StatusCodes.Status429TooManyRequests, "too many requests; retry");
    }
}
