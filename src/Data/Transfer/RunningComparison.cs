using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>How far the comparison of two stores in use is.</summary>
/// <param name="Rows">Rows compared in this pass.</param>
/// <param name="Unsettled">Chunks of this pass that changed each time they were read; a cut-over compares them.</param>
/// <param name="Mismatches">Chunks that differed, since the comparison began.</param>
/// <param name="LastMismatch">The last of them, as text; null without one.</param>
public sealed record ComparisonStatus(long Rows, long Unsettled, long Mismatches, string? LastMismatch);

/// <summary>Compares a store that goes on being written with the one that follows it, chunk by chunk.</summary>
/// <remarks>
/// The source is read, the target catches up, the target is read. If they differ, the source is read again: rows that have changed meanwhile are not a difference. What arrives in between is in
/// neither reading for sure, so a chunk that changes each time counts as unsettled.
/// </remarks>
/// <param name="source">The store that goes on being written.</param>
/// <param name="target">The store that follows it.</param>
/// <param name="withEvents">Whether events are compared too.</param>
/// <param name="catchUp">Applies what the source has now to the target.</param>
public sealed class RunningComparison(StoreParts source, StoreParts target, bool withEvents, Func<CancellationToken, Task> catchUp)
{
    private const int RowsOfChunk = 5_000;
    private const int Attempts = 5;

    private TransferPart _part;
    private long _from = TransferRange.All.From;

    public ComparisonStatus Status { get; private set; } = new(0, 0, 0, null);

    /// <summary>Compares the next chunk.</summary>
    /// <returns>The rows of the chunk, and whether it was the last of the pass; the next step begins another pass.</returns>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable; the chunk is compared again.</exception>
    public async Task<(long Rows, bool IsLast)> StepAsync(CancellationToken cancellationToken)
    {
        if (_part == TransferPart.Readings && _from == TransferRange.All.From) Status = Status with { Rows = 0, Unsettled = 0 };
        var (end, first) = await FirstChunkAsync(cancellationToken);
        var chunk = new TransferRange(_from, end);
        var (rows, isEqual, isSettled) = await CompareAsync(chunk, first, cancellationToken);
        Status = Status with { Rows = Status.Rows + rows, Unsettled = Status.Unsettled + (isSettled ? 0 : 1) };
        if (!isEqual) Status = Status with { Mismatches = Status.Mismatches + 1, LastMismatch = Describe(chunk) };
        _from = end;
        if (end < TransferRange.All.To) return (rows, false);
        _from = TransferRange.All.From;
        var isLast = _part == TransferPart.Events || !withEvents;
        _part = isLast ? TransferPart.Readings : TransferPart.Events;
        return (rows, isLast);
    }

    private async Task<(long End, TransferSummary Summary)> FirstChunkAsync(CancellationToken cancellationToken)
    {
        await using var store = new StoreSource(source);
        var (rest, summary) = (new TransferRange(_from, TransferRange.All.To), new TransferSummary());
        if (_part == TransferPart.Readings)
        {
            var page = await store.ReadReadingsAsync(rest, RowsOfChunk, cancellationToken);
            summary.Add(page.Rows.Span);
            return (page.End, summary);
        }
        var events = await store.ReadEventsAsync(rest, RowsOfChunk, cancellationToken);
        summary.Add(events.Rows.Span);
        return (events.End, summary);
    }

    private async Task<(long Rows, bool IsEqual, bool IsSettled)> CompareAsync(TransferRange chunk, TransferSummary ours, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            await catchUp(cancellationToken);
            var theirs = await SummarizeAsync(target, chunk, cancellationToken);
            if (ours.Equals(theirs)) return (ours.Count, true, true);
            var again = await SummarizeAsync(source, chunk, cancellationToken);
            if (again.Equals(ours)) return (ours.Count, false, true);
            ours = again;
        }
        return (ours.Count, true, false);
    }

    private async Task<TransferSummary> SummarizeAsync(StoreParts parts, TransferRange chunk, CancellationToken cancellationToken)
    {
        await using var store = new StoreSource(parts);
        var summary = new TransferSummary();
        for (var from = chunk.From; from < chunk.To;)
        {
            if (_part == TransferPart.Readings)
            {
                var page = await store.ReadReadingsAsync(new(from, chunk.To), RowsOfChunk, cancellationToken);
                summary.Add(page.Rows.Span);
                from = page.End;
                continue;
            }
            var events = await store.ReadEventsAsync(new(from, chunk.To), RowsOfChunk, cancellationToken);
            summary.Add(events.Rows.Span);
            from = events.End;
        }
        return summary;
    }

    private string Describe(TransferRange chunk)
    {
        return $"{TransferRunner.Name(_part)} from {Text(chunk.From)} to {Text(chunk.To)}";

        string Text(long time) => time == TransferRange.All.From ? "the beginning" : time == TransferRange.All.To ? "the end"
            : EventTime.Format(_part == TransferPart.Readings ? time * 1_000_000 : time);
    }
}
