using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>The one writer of readings.</summary>
public sealed class ReadingWorker(
    WriteBuffer<Reading> buffer, IReadingStore store, IOptions<IngestOptions> options, TimeProvider clock, ILogger<ReadingWorker> logger)
    : IngestWorker<Reading>(buffer, options, clock, logger)
{
    private bool[] _isNew = new bool[Submission.MaxRows];

    private protected override async Task<int> AppendAsync(ReadOnlyMemory<Reading> rows, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        if (_isNew.Length < rows.Length) _isNew = new bool[rows.Length];
        var added = await store.AppendAsync(rows, _isNew, cancellationToken);
        for (var i = 0; i < rows.Length; i++) outcomes.Span[i] = _isNew[i] ? RowOutcome.Inserted : RowOutcome.Duplicate;
        return added;
    }

    private protected override (string Row, string Error) Describe(Reading refused)
        => (FormattableString.Invariant($"reading of node {refused.NodeAddress} at {refused.Timestamp}"), "the store refuses this reading");
}
