using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>The only writer of readings.</summary>
public sealed class ReadingWorker(
    WriteBuffer<Reading> buffer, IReadingStore store, IOptions<IngestOptions> options, TimeProvider clock, ILogger<ReadingWorker> logger)
    : IngestWorker<Reading>(buffer, options, clock, logger)
{
    private protected override Task<int> AppendAsync(ReadOnlyMemory<Reading> rows, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => store.AppendAsync(rows, outcomes, cancellationToken);

    private protected override (string Row, string Error) Describe(Reading rejected)
        => (FormattableString.Invariant($"reading of node {rejected.NodeAddress} at {rejected.Timestamp}"), "the store rejected this reading");
}
