using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Streaming;

namespace SensorDash.Web.Streaming;

/// <summary>What a socket uses.</summary>
internal sealed class SocketServices(
    IEventStore store, EventFeed feed, LiveEvents live, WriteBuffer<LaneEvent> buffer, IOptions<EventOptions> events, IOptions<IngestOptions> ingest, TimeProvider clock,
    ILogger<SocketConnection> logger)
{
    public IEventStore Store => store;

    public EventFeed Feed => feed;

    public LiveEvents Live => live;

    public WriteBuffer<LaneEvent> Buffer => buffer;

    public EventOptions Events => events.Value;

    public IngestOptions Ingest => ingest.Value;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;
}
