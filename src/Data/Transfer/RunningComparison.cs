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
        var (ours, isEqual) = await CompareAsync(first, token => SummarizeAsync(source, chunk, token), token => SummarizeAsync(target, chunk, token), catchUp, Attempts, cancellationToken);
        var rows = ours.Count;
        Status = Status with { Rows = Status.Rows + rows, Unsettled = Status.Unsettled + (isEqual is null ? 1 : 0) };
        if (isEqual is false) Status = Status with { Mismatches = Status.Mismatches + 1, LastMismatch = Describe(chunk) };
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

    /// <summary>Compares what was read in the source with the same in the target.</summary>
    /// <param name="ours">As it was read in the source.</param>
    /// <param name="readOurs">Reads it again.</param>
    /// <param name="readTheirs">Reads it in the target.</param>
    /// <param name="catchUp">Applies what the source has now to the target.</param>
    /// <param name="attempts">How often it may have changed meanwhile.</param>
    /// <param name="cancellationToken">Cancels the reads.</param>
    /// <returns>As it was last read in the source, and whether the target has the same; null if it changed each time.</returns>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable.</exception>
    public static async Task<(TransferSummary Ours, bool? IsEqual)> CompareAsync(
        TransferSummary ours, Func<CancellationToken, Task<TransferSummary>> readOurs, Func<CancellationToken, Task<TransferSummary>> readTheirs, Func<CancellationToken, Task> catchUp, int attempts,
        CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            await catchUp(cancellationToken);
            if (ours.Equals(await readTheirs(cancellationToken))) return (ours, true);
            var again = await readOurs(cancellationToken);
            if (again.Equals(ours)) return (ours, false);
            ours = again;
        }
        return (ours, null);
    }

    private async Task<TransferSummary> SummarizeAsync(StoreParts parts, TransferRange chunk, CancellationToken cancellationToken)
    {
        var summary = new TransferSummary();
        await (_part == TransferPart.Readings ? parts.Ranges.VisitReadingsAsync(chunk, summary.Add, cancellationToken) : parts.Ranges.VisitEventsAsync(chunk, summary.Add, cancellationToken));
        return summary;
    }

    private string Describe(TransferRange chunk)
    {
        return $"{TransferRunner.Name(_part)} from {Text(chunk.From)} to {Text(chunk.To)}";

        string Text(long time) => time == TransferRange.All.From ? "the beginning" : time == TransferRange.All.To ? "the end"
            : EventTime.Format(_part == TransferPart.Readings ? time * 1_000_000 : time);
    }
}
