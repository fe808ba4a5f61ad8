using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Scrub;

/// <summary>Compares the readings with the batch log and, row by row, with the side path, a slice of time in each step.</summary>
/// <remarks>
/// Slices go from the oldest to the newest, each in a snapshot of its own, and only readings of the batches that were there at the beginning count. So rows that arrive meanwhile do not matter, and
/// neither do deletions of what is done already, as those of retention mostly are. After another deletion the sum begins again. A difference is read a second time before it is named (ADR 0042).
/// </remarks>
internal sealed class ReadingScrubber(IReadingScrub readings, ISecondCopy? copy)
{
    private const int MaxRestarts = 5;

    // Rows of a slice that are looked at again one by one.
    private const int MaxSuspects = 50;

    private const int Attempts = 3;

    private const string Table = "sensor_readings";

    /// <summary>Reads the next slice.</summary>
    /// <returns>Rows read; null when the readings are done.</returns>
    public async Task<int?> StepAsync(ScrubState pass, int limit, CancellationToken cancellationToken)
    {
        if (pass.Readings is not { } state)
        {
            pass.Readings = await BeginAsync(new(), cancellationToken);
            return 0;
        }
        if (state.From >= TransferRange.All.To) return await EndAsync(pass, state, cancellationToken) ? null : 0;
        var end = await readings.FindEndAsync(new(state.From, TransferRange.All.To), limit, cancellationToken);
        var range = new TransferRange(state.From, end);
        // The copy first: what the store has of its batches then, it has.
        var isNew = state.From >= state.ComparedTo;
        var (copied, applied) = isNew && copy is not null ? await ReadCopyAsync(copy, range, cancellationToken) : (null, null);
        if (isNew && copy is not null && applied is null) pass.Note($"Readings were not compared with the side path, or not all: {copy.Obstacle}.");
        var (rows, hash, count, suspects) = (0L, 0L, 0, new HashSet<(int Node, long Time)>());
        var since = await readings.ReadAsync(
            range, state.Since,
            visited =>
            {
                count += visited.Length;
                foreach (ref readonly var row in visited)
                {
                    if (row.Batch <= state.UpTo) (rows, hash) = (rows + 1, unchecked(hash + ReadingHash.Of(row.Reading)));
                    if (copied is null) continue;
                    var key = (row.Reading.NodeAddress, row.Reading.Timestamp);
                    var isThere = copied.Remove(key, out var other);
                    if (isThere ? !other.HasValuesOf(row.Reading) : row.Batch <= applied) suspects.Add(key);
                }
            },
            cancellationToken);
        if (state.IsWhole && since.MayHaveRemovedFrom(state.From))
        {
            await RestartAsync(pass, state, cancellationToken);
            return count;
        }
        var confirmed = new List<DifferingCopy>();
        if (copied is not null)
        {
            suspects.UnionWith(copied.Keys);
            foreach (var (node, time) in suspects.Order().Take(MaxSuspects))
                if (await ConfirmAsync(node, time, cancellationToken) is { } differing) confirmed.Add(differing);
        }
        // Only now: a step that is interrupted is done again.
        if (suspects.Count > MaxSuspects)
            pass.Note(FormattableString.Invariant($"Of the readings from {ScrubText.Seconds(range.From)} more than {MaxSuspects} seem to differ from the side path; only these were looked at one by one."));
        foreach (var (finding, more, change) in confirmed)
        {
            pass.Add(finding);
            (state.CopyRows, state.CopyHash) = (state.CopyRows + more, unchecked(state.CopyHash + change));
        }
        (state.Since, state.Rows, state.Hash) = (since.Head, state.Rows + rows, unchecked(state.Hash + hash));
        (state.From, state.ComparedTo) = (end, Math.Max(state.ComparedTo, end));
        return count;
    }

    /// <summary>Goes on behind a slice that cannot be read.</summary>
    /// <returns>False when there is nothing behind it, as far as can be told.</returns>
    public async Task<bool> SkipAsync(ScrubState pass, int limit, CancellationToken cancellationToken)
    {
        if (pass.Readings is not { } state || state.From >= TransferRange.All.To) return false;
        try
        {
            state.From = await readings.FindEndAsync(new(state.From, TransferRange.All.To), limit, cancellationToken);
        }
        catch (Exception e) when (ScrubPass.IsOfContent(e))
        {
            return false;
        }
        state.IsWhole = false; // The damage is a finding already.
        return true;
    }

    private async Task<ReadingScrubState> BeginAsync(ReadingScrubState state, CancellationToken cancellationToken)
    {
        var log = await readings.ReadLogAsync(cancellationToken);
        (state.From, state.UpTo, state.Since, state.LogRows, state.LogHash) = (TransferRange.All.From, log.LastBatch, log.LastBatch, log.Rows, log.Hash);
        (state.Rows, state.Hash) = (0, 0);
        return state;
    }

    private async Task RestartAsync(ScrubState pass, ReadingScrubState state, CancellationToken cancellationToken)
    {
        if (++state.Restarts <= MaxRestarts)
        {
            await BeginAsync(state, cancellationToken);
            return;
        }
        // The rest is still compared with the side path.
        state.IsWhole = false;
        pass.Note("The sum of the readings was not compared with the batch log, because readings were deleted again and again meanwhile, or because they could not be read twice the same. The next pass tries again.");
    }

    // Whether the part is done.
    private async Task<bool> EndAsync(ScrubState pass, ReadingScrubState state, CancellationToken cancellationToken)
    {
        var (rows, hash) = (state.Rows - state.LogRows, unchecked(state.Hash - state.LogHash));
        if (!state.IsWhole) return true;
        if ((rows, hash) == (0, 0))
        {
            Judge(pass, isCopyWrong: true);
            return true;
        }
        // What the side path has instead makes the sum right: the named rows are all that has rotted.
        if ((rows + state.CopyRows, unchecked(hash + state.CopyHash)) == (0, 0))
        {
            Judge(pass, isCopyWrong: false);
            return true;
        }
        if ((state.SuspectRows, state.SuspectHash) != (rows, hash))
        {
            (state.SuspectRows, state.SuspectHash) = (rows, hash);
            await RestartAsync(pass, state, cancellationToken);
            return false;
        }
        pass.Add(new(
            ScrubKind.ReadingSum, Table, "all readings",
            rows == 0 ? "some of the readings are not those that were committed: their hash differs from that of the batch log; nothing tells which"
                : $"{(rows < 0 ? $"{ScrubText.Count(-rows, "reading")} that {(rows == -1 ? "was" : "were")} committed {(rows == -1 ? "is" : "are")} missing" : $"there {(rows == 1 ? "is" : "are")} {ScrubText.Count(rows, "reading")} that nobody committed")}, by the batch log",
            FormattableString.Invariant($"{state.Rows} rows, hash {state.Hash:x16}"), FormattableString.Invariant($"{state.LogRows} rows, hash {state.LogHash:x16}")));
        return true;
    }

    private static void Judge(ScrubState pass, bool isCopyWrong)
        => pass.Findings = [.. pass.Findings.Select(f => f.Kind is ScrubKind.ReadingDiffers or ScrubKind.ReadingMissing or ScrubKind.CopyMissing ? f with { IsCopyWrong = isCopyWrong } : f)];

    // What the side path would change in the number and sum of the readings.
    private sealed record DifferingCopy(ScrubFinding Finding, long Rows, long Hash);

    // A row that differs from its copy: again, and only if nothing explains it.
    private async Task<DifferingCopy?> ConfirmAsync(int node, long time, CancellationToken cancellationToken)
    {
        DifferingCopy? found = null;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var range = new TransferRange(time, time + 1);
            var (copied, applied) = await ReadCopyAsync(copy!, range, cancellationToken);
            if (copied is null || applied is null) return null;
            Reading? other = copied.TryGetValue((node, time), out var there) ? there : null;
            LoggedReading? stored = null;
            var since = await readings.ReadAsync(
                range, applied.Value,
                visited =>
                {
                    foreach (ref readonly var row in visited)
                        if (row.Reading.NodeAddress == node) stored = row;
                },
                cancellationToken);
            if (Compare(node, time, stored, other, applied.Value, since) is not { } finding) return null;
            var again = new DifferingCopy(
                finding, (other is null ? 0 : 1) - (stored is null ? 0 : 1),
                unchecked((other is { } copyRow ? ReadingHash.Of(copyRow) : 0) - (stored is { } row ? ReadingHash.Of(row.Reading) : 0)));
            if (found is not null && again != found) return null;
            found = again;
        }
        return found;
    }

    private static ScrubFinding? Compare(int node, long time, LoggedReading? stored, Reading? other, long applied, BatchesSince since) => (stored, other) switch
    {
        // Deleted and sent anew: the side path has the former one until it has applied that.
        ({ } row, { } copied) when row.Batch > applied && since.MayHaveRemoved(node, time) => null,
        ({ } row, { } copied) when copied.HasValuesOf(row.Reading) => null,
        ({ } row, { } copied) => new(
            ScrubKind.ReadingDiffers, Table, ScrubText.Row(row.Reading), "the side path has other values", ScrubText.Columns(row.Reading, copied), ScrubText.Columns(copied, row.Reading), ScrubText.At(row.Reading)),
        ({ } row, null) when row.Batch <= applied => new(
            ScrubKind.CopyMissing, Table, ScrubText.Row(row.Reading), "it is not in the side path", ScrubText.Columns(row.Reading), null, ScrubText.At(row.Reading)),
        (null, { } copied) when !since.MayHaveRemoved(node, time) => new(
            ScrubKind.ReadingMissing, Table, ScrubText.Row(copied), "it is in the side path only", null, ScrubText.Columns(copied), ScrubText.At(copied)),
        _ => null,
    };

    private static async Task<(Dictionary<(int, long), Reading>? Rows, long? Applied)> ReadCopyAsync(ISecondCopy copy, TransferRange range, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<(int, long), Reading>();
        var applied = await copy.ReadAsync(
            range,
            visited =>
            {
                foreach (ref readonly var row in visited) rows[(row.NodeAddress, row.Timestamp)] = row;
            },
            cancellationToken);
        return applied is null ? (null, null) : (rows, applied);
    }
}
