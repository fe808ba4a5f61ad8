using System.Globalization;
using Microsoft.Extensions.Options;
using SensorDash.Data.Retention;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Pages.Move;

/// <summary>What the form of the page says.</summary>
/// <param name="Source">Name of a file in the import folder.</param>
/// <param name="Target">Name of a store of this server.</param>
/// <param name="From">Only rows from this time on, as typed.</param>
/// <param name="Before">Only rows before this time, as typed.</param>
/// <param name="Rate">Maximum rows per second, as typed.</param>
/// <param name="IsVerify">Whether the last import of the file is only compared.</param>
internal sealed record MoveSelection(string Source, string Target, string? From, string? Before, string? Rate, bool IsVerify)
{
    /// <summary>The parameters.</summary>
    public static readonly string[] Fields = ["source", "target", "rows_from", "rows_before", "rate", "verify"];

    public static MoveSelection? Read(IQueryCollection query)
    {
        string? Of(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;
        return Of("source") is { } source && Of("target") is { } target ? new(source, target, Of("rows_from"), Of("rows_before"), Of("rate"), Of("verify") is not null) : null;
    }
}

/// <summary>A plan with the transfer that it is of.</summary>
/// <param name="Known">The transfer of the ledger that goes on, or is compared again; null for a new one.</param>
/// <param name="Notes">What else is to know.</param>
internal sealed record ImportPlan(TransferPlan Plan, TransferJob Job, TransferRecord? Known, IReadOnlyList<string> Notes);

/// <summary>Makes the plan of what was chosen, and the transfer for it.</summary>
internal sealed class MovePlanner(ServerStores stores, ImportFolder folder, DualWrite dualWrite, IOptions<RetentionOptions> retention, TimeProvider clock)
{
    private const long MaxRate = 100_000_000;

    /// <summary>The plan, or why there is none.</summary>
    public async Task<(ImportPlan? Plan, string? Error)> TryPlanAsync(MoveSelection selection, ViewSettings view, long now, CancellationToken cancellationToken)
    {
        try
        {
            return (await PlanAsync(selection, view, now, cancellationToken), null);
        }
        catch (Exception e) when (e is TransferException or StoreUnavailableException or StartupException or System.Data.Common.DbException or IOException or UnauthorizedAccessException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Compares this store with the second one; null without one.</summary>
    public TransferJob? CompareJob()
    {
        if (dualWrite.Status is not { State: not DualWriteState.Off, Secondary: { } text, Transfer: not null }) return null;
        var address = TransferAddress.Parse(text);
        return new(TransferJobKind.Compare, null, stores.NameOf(address), new(stores.Own.Readings, address, new()) { ReportFolder = stores.ReportFolder }, clock);
    }

    private async Task<ImportPlan> PlanAsync(MoveSelection selection, ViewSettings view, long now, CancellationToken cancellationToken)
    {
        var to = stores.Targets.FirstOrDefault(t => stores.NameOf(t) == selection.Target)
            ?? throw new TransferException("The target must be a store of this server. The second store gets its rows by dual-write.");
        if (dualWrite.Status.State != DualWriteState.Off)
            throw new TransferException($"{selection.Target} is written to {dualWrite.Status.Secondary} too, which a file cannot join. End dual-write first, import, and begin it again.");
        var from = folder.Find(selection.Source);
        await using var source = stores.OpenSource(from);
        await using var target = stores.OpenOwn(to);
        var (side, there) = (await TransferSide.OfAsync(source, cancellationToken), await TransferSide.OfAsync(target, cancellationToken));
        if (stores.Own.HasDuckDb && to == stores.Own.Database && side.Contents!.Readings is not null)
            throw new TransferException($"Readings are in {stores.NameOf(stores.Own.Readings)}, and {selection.Source} has readings. Choose that store.");
        var known = (await ((StoreSource)target).ReadTransfersAsync(cancellationToken)).Select(t => t.Record).LastOrDefault(r => r.IsFrom(source) && r.State != TransferState.Abandoned);
        var range = RangeOf(selection, view, now);
        // The one that was interrupted goes on as it began; without a range the last one is meant.
        if (known is not null && known.State != TransferState.Copying && range is not null && !selection.IsVerify) known = null;
        if (selection.IsVerify && known is null) throw new TransferException($"{selection.Target} has no transfer from {selection.Source}.");
        var (readings, events) = known is null ? range ?? (new(TransferRange.All.From, now), new(TransferRange.All.From, now * 1_000_000)) : (known.Readings, known.Events);
        var options = new TransferOptions { Readings = readings, Events = events, RateLimit = RateOf(selection) };
        if (known is null) await ThrowIfTakenAsync(target, options, side, selection, cancellationToken);
        var job = new TransferJob(known is { State: not TransferState.Copying } ? TransferJobKind.Verify : TransferJobKind.Import, selection.Source, selection.Target,
            new(from, to, options) { ReportFolder = stores.ReportFolder }, clock);
        return new(TransferPlan.Of(side, there, to), job, known, [.. NotesOf(job, known)]);
    }

    // Half-open, in the unit of each part. Null: nothing is typed.
    private static (TransferRange Readings, TransferRange Events)? RangeOf(MoveSelection selection, ViewSettings view, long now)
    {
        if (selection.From is null && selection.Before is null) return null;
        var from = selection.From is null ? (long?)null : Math.Max(0, TimeOf(selection.From, "Rows from"));
        var before = selection.Before is null ? now : Math.Min(now, TimeOf(selection.Before, "Rows before"));
        if (from >= before) throw new TransferException("“Rows from” must be before “Rows before”, and not later than now.");
        return (new(from ?? TransferRange.All.From, before), new(from * 1_000_000 ?? TransferRange.All.From, before * 1_000_000));

        long TimeOf(string text, string field)
            => ViewRange.ParseTime(text, view.Zone, now) ?? throw new TransferException($"“{field}” must be a time such as now-30d or 2026-05-01 08:00, not “{OutsideText.Shown(text)}”.");
    }

    private static long? RateOf(MoveSelection selection)
    {
        if (selection.Rate is null) return null;
        return long.TryParse(selection.Rate, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate is >= 1 and <= MaxRate ? rate
            : throw new TransferException($"“Rows/s at most” must be 1 to {MaxRate}, not “{OutsideText.Shown(selection.Rate)}”.");
    }

    // Found while nothing is written, with the way out.
    private static async Task ThrowIfTakenAsync(ITransferTarget target, TransferOptions options, TransferSide source, MoveSelection selection, CancellationToken cancellationToken)
    {
        if (source.Contents!.Readings is not null && target.Holds(TransferPart.Readings)
            && (await target.ReadReadingsAsync(options.Readings, 1, cancellationToken)).Rows is { IsEmpty: false } readings)
        {
            throw new TransferException($"{selection.Target} has readings in this range, the first of {Data.Events.EventTime.Format(readings.Span[0].Timestamp * 1_000_000)}. "
                + "Import the rows before that time: enter it as “Rows before”.");
        }
        if (source.Contents.Events is > 0 && target.Holds(TransferPart.Events) && await ((StoreSource)target).ReadNewestEventAsync(cancellationToken) > 0)
            throw new TransferException($"{selection.Target} has events already. Imported events keep their order and must be the first: import them into an empty store.");
    }

    private IEnumerable<string> NotesOf(TransferJob job, TransferRecord? known)
    {
        if (job.Kind == TransferJobKind.Verify)
        {
            yield return "All rows are copied: both sides are only compared again. For later rows of the file, enter “Rows from”.";
            yield break;
        }
        if (known is not null) yield return "It was interrupted, and goes on after the last chunk.";
        yield return "While it runs, rows that senders send are not stored: they wait, and senders that wait too long are told to send again.";
        if (retention.Value.Readings.IsOn || retention.Value.Events.IsOn) yield return "Retention deletes old rows; one that it deletes meanwhile counts as missing.";
    }
}
