using System.Globalization;
using System.Runtime.InteropServices;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Compares a source with its target: chunk by chunk by counts, sums and hashes, and where these differ row by row.</summary>
/// <remarks>Values are compared as the program understands them, not as an engine shows them, so no collation, floating-point number or time zone can mislead.</remarks>
/// <param name="applier">Follows a source that goes on being written; null if nothing writes to it. It rests while a chunk is compared.</param>
/// <param name="copied">The parts that were copied just before.</param>
public sealed partial class TransferVerifier(
    ITransferSource source, ITransferTarget target, TimeProvider clock, Action<TransferStep>? progress = null, BatchApplier? applier = null,
    IReadOnlyDictionary<TransferPart, CopiedChunks>? copied = null)
{
    private const int ReadingsAtOnce = 250_000; // DuckDB, which keeps readings by node, reads a month for each chunk.
    private const int EventsAtOnce = 10_000;
    private const int MaxAttempts = 100; // Of a chunk that removals of the source hit again and again.

    private NodeRecount _recount = new();

    /// <summary>Compares everything that the transfer covers, and notes the result in the ledger.</summary>
    /// <param name="record">The transfer.</param>
    /// <param name="rejects">What the source's preparation found.</param>
    /// <param name="program">Name and version, for the report.</param>
    /// <param name="cancellationToken">Cancels it; the ledger is unchanged then.</param>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable; run it again.</exception>
    public async Task<TransferReport> RunAsync(TransferRecord record, RejectLog rejects, string program, CancellationToken cancellationToken)
    {
        if (applier is not null) await applier.CatchUpAsync(cancellationToken);
        var contents = await source.InspectAsync(cancellationToken);
        var upTo = await ReadPositionAsync(cancellationToken);
        var parts = new List<PartReport>();
        var smallRows = 0L;
        foreach (var part in TransferRunner.PartsOf(contents, target)) parts.Add(await VerifyAsync(record, part, upTo, contents.Rows(part), cancellationToken));
        if (parts.Any(p => p.Part == TransferPart.Readings)) smallRows = await VerifySmallTablesAsync(record, upTo, cancellationToken);
        if (parts.Any(p => p.Part == TransferPart.Events) && !await target.IndexAgreesAsync(cancellationToken))
            Note(new(DifferenceKind.Different, "event_index", "all", "the number of its rows is not that of the lanes"));
        await target.PauseUpkeepAsync(isPaused: false, cancellationToken);
        var now = clock.NowMicroseconds();
        var isEqual = _differenceCount == 0 && parts.TrueForAll(p => p.IsEqual);
        record = record with { State = isEqual ? TransferState.Verified : TransferState.Different, VerifiedAt = now, VerifiedUpTo = upTo, Rejects = rejects.Count };
        var end = applier is null ? null : await applier.ReadAppliedAsync(cancellationToken);
        await new TransferLedger(target.RunLedgerAsync).SaveAsync(record, cancellationToken);
        return new()
        {
            Program = program,
            Transfer = record,
            VerifiedAt = TransferReport.Time(now),
            IsEqual = isEqual,
            Parts = parts,
            DifferenceCount = _differenceCount,
            Differences = _differences,
            SmallTableRows = smallRows,
            Rejects = rejects.Count,
            RejectReasons = rejects.Reasons,
            Warnings = rejects.Warnings,
            Notes = [.. contents.Notes, .. AsOf(upTo, end)],
        };
    }

    private async Task<TransferStart?> ReadPositionAsync(CancellationToken cancellationToken)
        => applier is not null ? await applier.ReadAppliedAsync(cancellationToken) : source is StoreSource store ? await store.ReadPositionAsync(cancellationToken) : null;

    private static IEnumerable<string> AsOf(TransferStart? start, TransferStart? end)
    {
        if (start is null || end is null) yield break;
        yield return string.Create(CultureInfo.InvariantCulture, $"the source goes on being written: readings were compared as of its batches {start.Readings.Position} to {end.Readings.Position}")
            + (start.Events is { Position: > 0 } events ? $", events up to {EventTime.Format(events.Position)}" : "");
        if (start.Readings != end.Readings) yield return "counters of nodes were not counted anew, because readings arrived meanwhile";
    }

    // Events after the position are not in the target yet.
    private TransferRange RangeOf(TransferRecord record, TransferPart part, TransferStart? upTo)
        => applier is not null && part == TransferPart.Events && upTo?.Events is { } events ? record.Events with { To = events.Position + 1 } : record.RangeOf(part);

    private async Task<PartReport> VerifyAsync(TransferRecord record, TransferPart part, TransferStart? upTo, long total, CancellationToken cancellationToken)
    {
        var range = RangeOf(record, part, upTo);
        var (sums, asCopied) = (new Sums(), false);
        if (await FindCopiedAsync(record, part, cancellationToken) is { } chunks)
        {
            asCopied = await (part == TransferPart.Readings
                ? CompareCopiedAsync(chunks, Readings, sums, Report, cancellationToken) : CompareCopiedAsync(chunks, Events, sums, Report, cancellationToken));
            if (!asCopied) (sums, _recount) = (new(), new()); // Both sides are read to name what differs.
        }
        if (!asCopied)
            await (part == TransferPart.Readings ? CompareAsync(range, ReadingsAtOnce, Readings, sums, Report, cancellationToken) : CompareAsync(range, EventsAtOnce, Events, sums, Report, cancellationToken));
        var ledger = await new TransferLedger(target.RunLedgerAsync).ReadProgressAsync(record.Id, part, cancellationToken);
        var isChanged = record.Start is null && record.RowIds is null && (ledger.Rows, ledger.Hash) != (sums.Source.Count, sums.Source.Hash);
        return new(part, sums.Source.Equals(sums.Target), sums.Chunks, sums.Source.Count, sums.Target.Count, TransferReport.Hex(sums.Source.Hash),
            TransferReport.Hex(sums.Target.Hash), isChanged, sums.Source.Columns, sums.Target.Columns)
        {
            IsAsCopied = asCopied,
        };

        void Report() => progress?.Invoke(new("verify", part, sums.Source.Count, Math.Max(total, sums.Source.Count)));
    }

    // The copied chunks of a part, if they are all that its commits brought into the source: then the source need not be read again.
    private async Task<CopiedChunks?> FindCopiedAsync(TransferRecord record, TransferPart part, CancellationToken cancellationToken)
    {
        if (applier is not null || source is not StoreSource store || record.RangeOf(part) != TransferRange.All || copied?.GetValueOrDefault(part) is not { } chunks) return null;
        var sums = await StoreSums.ReadAsync(store.Parts, part == TransferPart.Events, cancellationToken);
        return (chunks.Count, chunks.Hash) == (part == TransferPart.Readings ? (sums.Readings, sums.ReadingsHash) : (sums.Events, sums.EventsHash)) ? chunks : null;
    }

    // Of all chunks so far.
    private sealed class Sums
    {
        public TransferSummary Source { get; } = new();

        public TransferSummary Target { get; } = new();

        public long Chunks { get; private set; }

        public void Add(TransferSummary ofSource, TransferSummary ofTarget)
        {
            Source.Add(ofSource);
            Target.Add(ofTarget);
            Chunks++;
        }
    }

    private Rows<Reading> Readings => new(source.ReadReadingsAsync, target.ReadReadingsAsync, target.VisitReadingsAsync, (summary, rows) => summary.Add(rows),
        row => row.Timestamp, row => $"sensor_readings {row.NodeAddress} at {row.Timestamp}", Describe, _recount.Add);

    private Rows<LaneEvent> Events => new(source.ReadEventsAsync, target.ReadEventsAsync, target.VisitEventsAsync, (summary, rows) => summary.Add(rows),
        row => row.CanonicalTime, row => $"{row.Lane.Name()}_events {row.Id} at {EventTime.Format(row.CanonicalTime)}", Describe, _ => { });

    // How the rows of one part are read, summed up and named.
    private sealed record Rows<TRow>(
        ReadPage<TRow> ReadSource, ReadPage<TRow> ReadTarget, VisitRange<TRow> VisitTarget, AddRows<TRow> AddTo, Func<TRow, long> TimeOf, Func<TRow, string> Name,
        Func<TRow, IEnumerable<(string Column, string? Value)>> Describe, VisitRows<TRow> Recount);

    private delegate Task VisitRange<TRow>(TransferRange range, VisitRows<TRow> visit, CancellationToken cancellationToken);

    // False: a range differs.
    private static async Task<bool> CompareCopiedAsync<TRow>(CopiedChunks chunks, Rows<TRow> rows, Sums sums, Action report, CancellationToken cancellationToken)
    {
        foreach (var (range, ofSource) in chunks.Ranges)
        {
            var ofTarget = new TransferSummary();
            await rows.VisitTarget(
                range,
                visited =>
                {
                    rows.AddTo(ofTarget, visited);
                    rows.Recount(visited);
                },
                cancellationToken);
            if (!ofSource.Equals(ofTarget)) return false;
            sums.Add(ofSource, ofTarget);
            report();
        }
        return true;
    }

    private async Task CompareAsync<TRow>(TransferRange range, int limit, Rows<TRow> rows, Sums sums, Action report, CancellationToken cancellationToken)
    {
        if (applier is null)
        {
            await foreach (var (chunk, page, summary) in TransferPages.ReadAheadAsync(rows.ReadSource, rows.AddTo, range, () => limit, cancellationToken))
            {
                await CompareAsync(page, summary, chunk, null);
            }
            return;
        }
        for (var from = range.From; from < range.To;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (page, isAhead) = await ReadSourceAsync(new(from, range.To), limit, rows, applier, cancellationToken);
            var summary = new TransferSummary();
            rows.AddTo(summary, page.Rows.Span);
            await CompareAsync(page.Rows, summary, new(from, page.End), isAhead);
            from = page.End;
        }

        async Task CompareAsync(ReadOnlyMemory<TRow> page, TransferSummary ofSource, TransferRange chunk, Func<TRow, bool>? isAhead)
        {
            rows.Recount(page.Span);
            var ofTarget = await SummarizeTargetAsync(chunk, rows, isAhead, cancellationToken);
            if (!ofSource.Equals(ofTarget)) await NameDifferencesAsync(page, chunk, rows, isAhead, cancellationToken);
            sums.Add(ofSource, ofTarget);
            report();
        }
    }

    // A page of the source as of the batch that the target has: without the rows that have arrived since.
    private async Task<(TransferPage<TRow> Page, Func<TRow, bool>? IsAhead)> ReadSourceAsync<TRow>(
        TransferRange rest, int limit, Rows<TRow> rows, BatchApplier follower, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            await follower.ApplyAsync(cancellationToken);
            var page = await rows.ReadSource(rest, limit, cancellationToken);
            if (typeof(TRow) != typeof(Reading))
            {
                if (await follower.HasEdgesOfSourceAsync(cancellationToken)) return (page, null);
                continue;
            }
            if (await follower.ReadAheadAsync(cancellationToken) is not { } ahead) continue;
            if (ahead.Count == 0) return (page, null);
            bool IsAhead(TRow row) => row is Reading reading && ahead.Contains(new(reading.Timestamp, reading.NodeAddress));
            return (page with { Rows = Without(page.Rows, IsAhead) }, IsAhead);
        }
        throw new TransferException($"{source.Name} deletes rows faster than they can be compared. Try again later.");
    }

    private static async Task<TransferSummary> SummarizeTargetAsync<TRow>(TransferRange chunk, Rows<TRow> rows, Func<TRow, bool>? isAhead, CancellationToken cancellationToken)
    {
        var summary = new TransferSummary();
        await rows.VisitTarget(chunk, visited => rows.AddTo(summary, Without(visited, isAhead)), cancellationToken);
        return summary;
    }

    private static ReadOnlyMemory<TRow> Without<TRow>(ReadOnlyMemory<TRow> rows, Func<TRow, bool>? isAhead) => isAhead is null ? rows : Without(rows.Span, isAhead).ToArray();

    private static ReadOnlySpan<TRow> Without<TRow>(ReadOnlySpan<TRow> rows, Func<TRow, bool>? isAhead)
    {
        if (isAhead is null) return rows;
        var kept = new List<TRow>(rows.Length);
        foreach (var row in rows)
            if (!isAhead(row)) kept.Add(row);
        return CollectionsMarshal.AsSpan(kept);
    }

    private async Task<long> VerifySmallTablesAsync(TransferRecord record, TransferStart? start, CancellationToken cancellationToken)
    {
        var isWhole = record.Readings == TransferRange.All;
        if (applier is not null)
        {
            await applier.ApplySmallTablesAsync(cancellationToken);
            isWhole &= (await applier.ReadAppliedAsync(cancellationToken)).Readings == start?.Readings;
        }
        var ofSource = applier?.SmallTables ?? await source.ReadSmallTablesAsync(cancellationToken);
        var ofTarget = await target.ReadSmallTablesAsync(cancellationToken);
        // An import leaves users and keys where they are, and a store with its own keeps them.
        if (applier is null && !(ofSource.Access is { } ours && ofTarget.Access?.IsCopyOf(ours) == true)) ofSource = ofSource with { Access = null };
        foreach (var (kind, table, key, columns) in SmallTableComparison.Compare(ofSource, ofTarget, isWhole ? _recount : null)) Note(new(kind, table, key, columns));
        var rows = ofSource.Nodes.Count + (ofTarget.HasMetadata ? ofSource.Metadata.Count + ofSource.Zones.Count : 0);
        if (ofSource.Access is not { } access || ofTarget.Access is not { } there) return rows;
        rows += access.Users.Count + access.Sessions.Count + access.Keys.Count + access.ProtectionKeys.Count;
        if (await AuditCopy.CompareAsync(access, there, isMirror: applier is not null, cancellationToken) is not var (differences, entries)) return rows;
        foreach (var difference in differences) Note(difference);
        return rows + entries;
    }
}
