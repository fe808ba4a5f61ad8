using SensorDash.Data.Streaming;
using SensorDash.Web.Api;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Streaming;

/// <summary>Events as they are committed, as server-sent events.</summary>
internal static class LiveEventsApi
{
    public static void MapLiveEvents(this IEndpointRouteBuilder routes)
        => routes.MapGet("/api/events/live", Read).WithTags("Events").WithName("LiveEvents").For(Need.Viewer).Produces<string>(200, "text/event-stream")
            .WithSummary("Events as they are committed, as server-sent events: events, caughtUp, fellBehind, reset")
            .WithQuery([StreamParameters.After, .. EventParameters.OfFilter]);

    private static IResult Read(HttpRequest request, LiveEvents live, StreamLimit limit, IHostApplicationLifetime lifetime)
    {
        var reader = new QueryReader(request);
        var query = new LiveQuery(EventParameters.ReadFilter(reader)) { After = StreamParameters.ReadAfter(reader, request) };
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return new ServerSentEvents(limit, lifetime, async (writer, cancellationToken) =>
        {
            var epoch = "";
            await foreach (var item in live.ReadAsync(query, cancellationToken).WithCancellation(cancellationToken))
            {
                switch (item)
                {
                    case StreamStarted started:
                        epoch = started.Epoch;
                        break;
                    case StreamChunk chunk:
                        await writer.SendAsync(chunk, new StreamToken(epoch, chunk.Position!.Value).ToString(), cancellationToken);
                        break;
                    case StreamCaughtUp caughtUp:
                        await writer.SendAsync("caughtUp", new StreamToken(epoch, caughtUp.Position).ToString(), json => StreamJson.Write(json, caughtUp), cancellationToken);
                        break;
                    case StreamFellBehind behind:
                        await writer.SendAsync("fellBehind", new StreamToken(epoch, behind.Position).ToString(), json => StreamJson.Write(json, behind), cancellationToken);
                        break;
                    case StreamReset reset:
                        epoch = reset.Epoch;
                        await writer.SendAsync("reset", new StreamToken(epoch, reset.Newest).ToString(), json => StreamJson.Write(json, reset), cancellationToken);
                        break;
                }
            }
        });
    }
}
