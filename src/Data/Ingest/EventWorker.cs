using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>The only writer of events.</summary>
public sealed class EventWorker(
    WriteBuffer<LaneEvent> buffer, IEventStore store, IOptions<IngestOptions> options, TimeProvider clock, ILogger<EventWorker> logger)
    : IngestWorker<LaneEvent>(buffer, options, clock, logger)
{
    // An event counts as one row per this many bytes, so that buffers of small and of large events use the same memory.
    private const int BytesPerRow = 256;

    /// <summary>The weight of parsed events in the buffer, in rows.</summary>
    public static int Weigh(ParsedBatch<LaneEvent> batch) => Math.Max(batch.Count, (int)(batch.SourceBytes / BytesPerRow));

    private protected override Task<int> AppendAsync(ReadOnlyMemory<LaneEvent> rows, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => store.AppendAsync(rows, outcomes, cancellationToken);

    private protected override (string Row, string Error) Describe(LaneEvent rejected)
        => ($"{rejected.Lane.Name()} event {rejected.Id} of scope {rejected.ScopeId}", "the store rejected this event");
}
