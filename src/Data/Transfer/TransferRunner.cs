using System.Globalization;
using System.Security.Cryptography;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Copies a source into a target, chunk by chunk; a transfer that was interrupted goes on.</summary>
/// <param name="progress">Called after each chunk.</param>
public sealed class TransferRunner(ITransferSource source, ITransferTarget target, TransferOptions options, TimeProvider clock, Action<TransferStep>? progress = null)
{
    // A chunk is in one transaction: others of the target wait for it, and a killed transfer does it again.
    private static readonly TimeSpan _chunkTime = TimeSpan.FromSeconds(0.5);

    private const int FirstBatch = 2_000;
    private const int MinBatch = 100;
    private const int MaxBatch = 200_000;

    // A subscriber reads a batch of events at once.
    private const int MaxEventBatch = 10_000;

    private readonly TransferLedger _ledger = new(target.RunLedgerAsync);
    private readonly Dictionary<TransferPart, CopiedChunks> _copied = [];

    /// <summary>The parts that this run has copied from the first row to the last, for their verification.</summary>
    public IReadOnlyDictionary<TransferPart, CopiedChunks> Copied => _copied;

    /// <summary>Copies what is missing.</summary>
    /// <returns>The transfer in the ledger, copied but not verified.</returns>
    /// <exception cref="TransferException">It cannot go on; the message states the reason and the fix.</exception>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable; run it again.</exception>
    public async Task<TransferRecord> RunAsync(RejectLog rejects, CancellationToken cancellationToken)
    {
        var contents = await source.InspectAsync(cancellationToken);
        var parts = PartsOf(contents, target);
        await _ledger.PrepareAsync(cancellationToken);
        var record = await FindAsync(cancellationToken) ?? await BeginAsync(parts, cancellationToken);
        if (source is IFollowedFile file && record.RowIds is { } rows)
        {
            if (record.State != TransferState.Copying) return record; // Its later rows are followed.
            file.Limit(rows, []);
        }
        await source.PrepareAsync(rejects, cancellationToken);
        rejects.Flush();
        if (record.State == TransferState.Copying) await target.PauseUpkeepAsync(isPaused: true, cancellationToken);
        foreach (var part in parts) await CopyAsync(record, part, contents.Rows(part), cancellationToken);
        if (parts.Contains(TransferPart.Readings)) await CopySmallTablesAsync(cancellationToken);
        record = record with { State = TransferState.Copied, CopiedAt = clock.NowMicroseconds(), Rejects = rejects.Count };
        await _ledger.SaveAsync(record, cancellationToken);
        return record;
    }

    /// <summary>Gives up a transfer that is not finished: what is copied stays, and another one may begin.</summary>
    /// <param name="target">The store that takes the rows.</param>
    /// <param name="id">Its number; null: whichever is not finished.</param>
    /// <param name="cancellationToken">Effective until it is noted.</param>
    /// <returns>The transfer; null when there is no such one. That of dual-write is none: it goes on by itself.</returns>
    /// <exception cref="StoreUnavailableException">The target is temporarily unavailable.</exception>
    public static async Task<TransferRecord?> AbandonAsync(ITransferTarget target, long? id, CancellationToken cancellationToken)
    {
        var ledger = new TransferLedger(target.RunLedgerAsync);
        await ledger.PrepareAsync(cancellationToken);
        var found = (await ledger.ListAsync(cancellationToken)).LastOrDefault(r => (id is null || r.Id == id) && r is { State: TransferState.Copying, Start: null });
        if (found is null) return null;
        await target.PauseUpkeepAsync(isPaused: false, cancellationToken);
        found = found with { State = TransferState.Abandoned };
        await ledger.SaveAsync(found, cancellationToken);
        return found;
    }

    /// <summary>The parts that both sides can have.</summary>
    /// <exception cref="TransferException">There is none.</exception>
    public static IReadOnlyList<TransferPart> PartsOf(TransferContents contents, ITransferTarget target)
    {
        var has = Enum.GetValues<TransferPart>().Where(contents.Has).ToArray();
        var parts = has.Where(target.Holds).ToArray();
        return parts.Length > 0 ? parts : throw new TransferException(has.Length == 0
            ? "The source has neither readings nor events." : $"{target.Kind} holds readings only, and the source has events only.");
    }

    // The last one with these arguments: a complete one is only verified again.
    private async Task<TransferRecord?> FindAsync(CancellationToken cancellationToken)
    {
        var known = await _ledger.ListAsync(cancellationToken);
        if (known.LastOrDefault(r => r.IsOf(source, options) && r.State != TransferState.Abandoned) is { } found) return found;
        if (known.LastOrDefault(r => r.State == TransferState.Copying) is { } open)
        {
            throw new TransferException($"{target.Name} is the target of a transfer that is not finished: {open.Id}, from {open.Source}. "
                + "Finish that one with its own arguments, or choose another target.");
        }
        return null;
    }

    private async Task<TransferRecord> BeginAsync(IReadOnlyList<TransferPart> parts, CancellationToken cancellationToken)
    {
        foreach (var part in parts)
        {
            var range = options.RangeOf(part);
            var isEmpty = part == TransferPart.Readings
                ? (await target.ReadReadingsAsync(range, 1, cancellationToken)).Rows.IsEmpty : (await target.ReadEventsAsync(range, 1, cancellationToken)).Rows.IsEmpty;
            if (!isEmpty)
            {
                throw new TransferException($"{target.Name} must have no {Name(part)} in the range of the transfer, but it has some. "
                    + "Choose an empty target, or a range with --from-time and --to-time.");
            }
        }
        var known = await _ledger.ListAsync(cancellationToken);
        var record = new TransferRecord
        {
            Id = known.Count == 0 ? 1 : known.Max(r => r.Id) + 1,
            SourceKind = source.Kind,
            Source = source.Name,
            Target = target.Name,
            StartedAt = clock.NowMicroseconds(),
            Readings = options.Readings,
            Events = options.Events,
        };
        if (options.Follows)
            record = source is IFollowedFile followed ? record with { RowIds = RowIdsOf(followed) } : record with { Start = await StartAsync(record, cancellationToken) };
        await target.RenewEpochAsync(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)), cancellationToken);
        await _ledger.AddAsync(record, cancellationToken);
        return record;
    }

    private IReadOnlyDictionary<string, long> RowIdsOf(IFollowedFile file) => options.IsWhole ? file.ReadRowIds()
        : throw new TransferException("A source that goes on being written is copied as a whole: without --from-time and --to-time.");

    private async Task<TransferStart> StartAsync(TransferRecord record, CancellationToken cancellationToken)
    {
        if (source is not StoreSource store) throw new TransferException($"{source.Name} has no commits that can be followed: it is not a store of SensorDash.");
        if (!options.IsWhole) throw new TransferException("A source that goes on being written is copied as a whole: without --from-time and --to-time.");
        var there = await target.ReadSmallTablesAsync(cancellationToken);
        if (there.Nodes.Count + there.Metadata.Count + there.Zones.Count > 0)
            throw new TransferException($"{target.Name} must have no nodes, names and zones of its own, because it becomes equal to the source. Choose an empty target.");
        if (store.Parts.Contexts is not null && there.Access is { HasRights: true })
            throw new TransferException($"{target.Name} must have no users and API keys of its own, because it becomes equal to the source. Choose an empty target.");
        return await new BatchApplier(store.Parts, target, record.Id, clock).BeginAsync(cancellationToken);
    }

    // Later events arrive with the commits after the start.
    private static long EndOf(TransferRecord record, TransferPart part)
        => part == TransferPart.Events && record.Start is { Events: { } events } ? events.Position + 1 : record.RangeOf(part).To;

    private Task CopyAsync(TransferRecord record, TransferPart part, long total, CancellationToken cancellationToken) => part == TransferPart.Readings
        ? CopyAsync<Reading>(record, part, total, MaxBatch, source.ReadReadingsAsync, target.WriteAsync, (summary, rows) => summary.Add(rows), cancellationToken)
        : CopyAsync<LaneEvent>(record, part, total, MaxEventBatch, source.ReadEventsAsync, target.WriteAsync, (summary, rows) => summary.Add(rows), cancellationToken);

    private async Task CopyAsync<TRow>(
        TransferRecord record, TransferPart part, long total, int maxBatch, ReadPage<TRow> read, WriteChunk<TRow> write, AddRows<TRow> addTo, CancellationToken cancellationToken)
    {
        var done = await _ledger.ReadProgressAsync(record.Id, part, cancellationToken);
        var (from, rows) = (done.End ?? record.RangeOf(part).From, done.Rows);
        if (done.End is null) _copied[part] = new();
        progress?.Invoke(new("copy", part, rows, total));
        var batch = Math.Min(options.BatchSize ?? FirstBatch, maxBatch);
        var (startedAt, copied) = (clock.GetTimestamp(), 0L);
        for (var to = EndOf(record, part); from < to;)
        {
            try
            {
                await foreach (var (chunk, page, summary) in TransferPages.ReadAheadAsync(read, addTo, new(from, to), () => batch, cancellationToken))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var since = clock.GetTimestamp();
                    await write(page, TransferLedger.AddChunk(record.Id, part, chunk, summary, clock.NowMicroseconds()), cancellationToken);
                    (from, rows, copied) = (chunk.To, rows + summary.Count, copied + summary.Count);
                    if (_copied.TryGetValue(part, out var chunks)) chunks.Add(chunk, summary);
                    progress?.Invoke(new("copy", part, rows, Math.Max(rows, total)));
                    if (options.BatchSize is null) batch = Next(batch, maxBatch, clock.GetElapsedTime(since));
                    if (options.RateLimit is { } rate)
                    {
                        var pause = TimeSpan.FromSeconds((double)copied / rate) - clock.GetElapsedTime(startedAt);
                        if (pause > TimeSpan.Zero) await Task.Delay(pause, clock, cancellationToken);
                    }
                }
            }
            catch (StoreBatchTooLargeException) when (batch > 1)
            {
                batch = Math.Max(1, batch / 2); // Rows of thousands of days are as many chunks of TimescaleDB.
            }
        }
    }

    private static int Next(int batch, int max, TimeSpan took)
    {
        var wanted = batch * (_chunkTime / TimeSpan.FromTicks(Math.Max(1, took.Ticks)));
        return (int)Math.Clamp(wanted, Math.Max(MinBatch, batch / 2), Math.Min(max, 2 * batch));
    }

    private delegate Task WriteChunk<TRow>(ReadOnlyMemory<TRow> rows, string ledger, CancellationToken cancellationToken);

    private async Task CopySmallTablesAsync(CancellationToken cancellationToken)
    {
        var tables = await source.ReadSmallTablesAsync(cancellationToken);
        // The last reception of a node is of a reading that may be outside the range.
        if (!options.IsWhole) tables = tables with { HasCounters = false };
        if (!await MovesAccessAsync(tables, cancellationToken)) tables = tables with { Access = null };
        await target.WriteSmallTablesAsync(tables, isMirror: false, cancellationToken);
    }

    // A store with users or keys of its own keeps them: an import must not give rights to others.
    private async Task<bool> MovesAccessAsync(SmallTables tables, CancellationToken cancellationToken)
    {
        if (options.Follows) return true;
        if (!options.MovesAccess || !options.IsWhole || tables.Access is not { } access) return false;
        return (await target.ReadSmallTablesAsync(cancellationToken)).Access is { } there && (!there.HasRights || there.IsCopyOf(access));
    }

    internal static string Name(TransferPart part) => part.ToString().ToLower(CultureInfo.InvariantCulture);
}
