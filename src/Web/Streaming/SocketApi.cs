using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Streaming;

/// <summary>The socket for queries, streams and commands.</summary>
internal static class SocketApi
{
    public const string Path = "/ws";

    // Proxies end silent connections, often after a minute; a client that is gone is noticed within both times.
    private static readonly TimeSpan _keepAlive = TimeSpan.FromSeconds(15), _keepAliveTimeout = TimeSpan.FromSeconds(30);

    public static void UseSockets(this IApplicationBuilder app) => app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = _keepAlive, KeepAliveTimeout = _keepAliveTimeout });

    public static void MapSocket(this IEndpointRouteBuilder routes)
        => routes.MapGet(Path, AcceptAsync).WithTags("Events").WithName("Socket").For(Need.Nothing).Produces(101)
            .WithSummary("WebSocket: queries, live streams and replays of events, and commands; docs/streaming.md has its messages");

    private static async Task<IResult> AcceptAsync(HttpContext context, StreamLimit limit, IHostApplicationLifetime lifetime, SocketServices services, SocketSignIn signIn)
    {
        if (!context.WebSockets.IsWebSocketRequest) return Problems.Create(StatusCodes.Status426UpgradeRequired, "this address is a WebSocket; docs/streaming.md has its messages");
        // Browsers let every page open sockets anywhere, with the cookies of that site.
        if (RequestGuards.IsFromAnotherSite(context.Request)) return Problems.Create(StatusCodes.Status403Forbidden, "Sockets from pages of other sites are not allowed.");
        using var admission = limit.TryEnter(isKnown: context.User.May(Need.Anyone));
        if (admission is null) return Problems.Create(StatusCodes.Status429TooManyRequests, limit.Error);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await using var connection = new SocketConnection(socket, services, signIn.Of(context, admission), lifetime.ApplicationStopping);
        await connection.RunAsync(context.RequestAborted);
        return TypedResults.Empty;
    }
}
