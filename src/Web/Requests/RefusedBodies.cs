using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;

namespace SensorDash.Web.Requests;

/// <summary>Takes the rest of a body that is too large from its connection, and throws it away, before the server closes the connection.</summary>
/// <remarks>
/// Most clients send a body to its end before they read. A connection that is closed while they send is reset, and with it the response is lost to them:
/// they see an error of the network instead of the reason. The server does this for all other bodies by itself.
/// </remarks>
internal static class RefusedBodies
{
    // Without a byte; the server gives other bodies as long in all.
    private static readonly TimeSpan _maxSilence = TimeSpan.FromSeconds(5);

    // Of a sender that sends on and on. A slow one at its end needs less.
    private static readonly TimeSpan _maxTime = TimeSpan.FromSeconds(30);

    /// <summary>Before everything that reads a body.</summary>
    public static void UseRefusedBodies(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (MayBeTooLarge(context.Request)) context.Response.OnCompleted(TakeRestAsync, context);
        return next(context);
    });

    // HTTP/2 has other means: its connection serves other requests too.
    private static bool MayBeTooLarge(HttpRequest request) => HttpProtocol.IsHttp11(request.Protocol)
        && (request.ContentLength > FormLimits.MaxBytes || request.Headers.TransferEncoding.Count > 0);

    private static async Task TakeRestAsync(object state)
    {
        var context = (HttpContext)state;
        if (context.Response.StatusCode != StatusCodes.Status413PayloadTooLarge || !context.Response.Headers.Connection.ToString().Equals("close", StringComparison.OrdinalIgnoreCase)) return;
        if (context.Features.Get<IConnectionTransportFeature>()?.Transport.Input is not { } input) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var begun = Stopwatch.GetTimestamp();
        try
        {
            while (Stopwatch.GetElapsedTime(begun) < _maxTime)
            {
                limit.CancelAfter(_maxSilence);
                var read = await input.ReadAsync(limit.Token);
                input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled) return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The sender sends on for ever, or has gone.
        }
    }
}
