using System.Globalization;
using System.Text.RegularExpressions;
using SensorDash.Data.Analytics;
using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations.Figures;

/// <summary>One rule per kind of warning, the most urgent first.</summary>
internal static partial class SystemWarnings
{
    /// <summary>Rejected rows in 24 hours from which there is a warning: a node that sends every half hour and is never stored passes it.</summary>
    public const long ManyRejected = 24;

    private const long MiB = 1024 * 1024, GiB = 1024 * MiB;

    // Consumer cards endure tens of terabytes: at this rate such a card lasts some years.
    private const double MaxWrittenPerDay = 10 * GiB;

    private const int MinDaysLeft = 30;
    private const double MaxSidePathLag = 300, MaxSecondStoreLag = 3600; // s

    private static readonly TimeSpan _maxBackupAge = TimeSpan.FromDays(2);

    private static readonly (string Kind, Func<SystemState, Found?> Find)[] _rules = [
        ("damage", Damage), ("scrub", Scrub), ("writer_failing", WriterFailing), ("writer_behind", WriterBehind), ("disk_full", DiskFull), ("second_store_differs", SecondStoreDiffers),
        ("clock", Clock), ("retention", Retention), ("forecast", Forecast), ("backup", Backup), ("side_path", SidePath), ("second_store_behind", SecondStoreBehind),
        ("rejected", Rejected), ("disk_writes", DiskWrites), ("audit", Audit)];

    /// <summary>All kinds, for metrics.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. _rules.Select(r => r.Kind)];

    /// <summary>What holds now: bad ones first, then in the order of the rules.</summary>
    public static IReadOnlyList<SystemWarning> Of(SystemState state) => [
        .. _rules.Select(rule => (rule.Kind, Found: rule.Find(state))).Where(w => w.Found is not null)
            .Select(w => new SystemWarning(w.Kind, w.Found!.IsBad, w.Found.Text, w.Found.Advice, w.Found.Action)).OrderByDescending(w => w.IsBad)];

    private static Found? Damage(SystemState state) => state.Damage is not { } damage ? null
        : new(true, "The database was damaged", $"It was set aside as {Path.GetFileName(damage.Aside)}; what has arrived since is in a new one. Restore a backup, salvage what can be read, or go on without it.", new("What to do", "/system#damage-title"));

    private static Found? Scrub(SystemState state) => state.ScrubFindings == 0 ? null
        : new(true, $"The scrub found {NumberText.Count(state.ScrubFindings, "thing")} that {(state.ScrubFindings == 1 ? "has" : "have")} rotted", "The disk or the memory changed what was stored. See which rows, and restore a backup from before it, if there is one.", new("See which", "/system#scrub-title"));

    private static Found? WriterFailing(SystemState state) => state.Writers.FirstOrDefault(w => w.FailingSince is not null) is not { FailingSince: { } since } writer ? null
        : new(true, $"No {writer.Type} stored for {Age(state, since)}", "The database does not accept them; the log says why. Queued rows are kept and retried.", null);

    private static Found? WriterBehind(SystemState state) => state.Writers.FirstOrDefault(w => w.FailingSince is null && w.Queued * 10 >= w.Capacity * 8) is not { } writer ? null
        : new(true, $"The write buffer of {writer.Type} is nearly full", $"{Whole(writer.Queued)} of {Whole(writer.Capacity)} rows wait; when it is full, senders get 429 and must send again. Send less at once, or use a faster disk.", new("Ingest", "/system#ingest-title"));

    private static Found? DiskFull(SystemState state)
    {
        if (state.Disk is not { } disk || disk.Free >= Math.Min(disk.Size / 20, 5 * GiB)) return null;
        return new(disk.Free < Math.Min(disk.Size / 100, GiB), "The disk is nearly full", $"{SizeText.Of(disk.Free)} of {SizeText.Of(disk.Size)} are free. Delete or move other files, "
            + (state.HasRetention ? "or keep readings and events for fewer days (Retention settings)." : "or set how long readings and events are kept (Retention settings)."), new("Storage", "/system#storage-title"));
    }

    private static Found? SecondStoreDiffers(SystemState state) => state.Second is not { State: not DualWriteState.Off, Comparison.Mismatches: > 0 and var mismatches } ? null
        : new(true, "The second store differs", $"In {NumberText.Count(mismatches, "chunk")} since the start. Compare both before a cut-over.", new("Compare", "/system/move", Need.Admin));

    private static Found? Clock(SystemState state)
    {
        var ahead = state.Rejected.Select(g => (Group: g, Seconds: SecondsAhead(g))).Where(a => a.Seconds > 0).ToList();
        if (ahead.Count == 0) return null;
        var (senders, rows, largest) = (ahead.Select(a => a.Group.Sender).Distinct().Count(), ahead.Sum(a => a.Group.Count), ahead[0]);
        return new(false, senders == 1 ? $"The clock of {largest.Group.Sender ?? "a sender"} is {Liveness.FormatDuration(largest.Seconds)} ahead" : $"The clocks of {senders} senders are ahead",
            $"{NumberText.Count(rows, "row")} with times in the future rejected in the last 24 hours. {(senders == 1 ? "Set its clock." : "Set their clocks, or that of this hub: it may be behind.")}", new("Rejected rows", "/system#rejected-title"));
    }

    private static Found? Retention(SystemState state) => state.RetentionErrors.Count == 0 ? null
        : new(false, "Retention of readings has stopped", $"{string.Join(' ', state.RetentionErrors)} Correct the setting.", new("Retention", "/system#retention-title"));

    private static Found? Forecast(SystemState state)
    {
        if (state.DaysLeft is not (< MinDaysLeft and var days) || state.FileGrowth is not { } growth) return null;
        var rate = $"at {SizeText.Of((long)growth.BytesPerDay)} a day; {SizeText.Of(state.Disk!.Free)} of {SizeText.Of(state.Disk.Size)} are free.";
        return new(days < 7, $"The disk is full in {StorageText.Days(days)}", $"{rate[..1].ToUpperInvariant()}{rate[1..]} {(state.HasRetention ? "Retention is on: keep fewer days, or use a larger disk." : "Set how long readings and events are kept (Retention settings), or use a larger disk.")}",
            new("Storage", "/system#storage-title"));
    }

    private static Found? Backup(SystemState state)
    {
        var (backup, action) = (state.Backup, new WarningAction("Backups", "/system/backups", Need.Admin));
        if (backup.Error is not null) return new(false, "The backup folder cannot be read", "The log and the page Backups say why.", action);
        if (backup.NewestAt is { } newest)
        {
            if (state.Now - newest <= _maxBackupAge) return null;
            return new(false, $"The newest backup is {Age(state, newest)} old", backup.IsDaily ? "The daily backup fails; the log says why." : "Make one now, or set Backup:At for one every day.", action);
        }
        // The first day of a hub is not the time to complain; and who runs a server has backups of its own.
        var isNew = state.Days.Count == 0 || state.Now - new DateTimeOffset(state.Days[0].Day, default, default) <= _maxBackupAge;
        if (isNew || (state.IsOnServer && !backup.IsDaily)) return null;
        return new(false, "There is no backup", backup.IsDaily ? "The daily backup fails; the log says why." : "A broken disk would lose everything. Make one now, or set Backup:At for one every day.", action);
    }

    private static Found? SidePath(SystemState state)
    {
        var action = new WarningAction("Open analytics", "/analytics");
        if (state.Analytics == AnalyticsState.Failed) return new(false, "The DuckDB side path is off by a fault", "Queries use the database, slower. The page Analytics says why and can rebuild it.", action);
        return state.Analytics == AnalyticsState.Off || state.SidePathLag <= MaxSidePathLag ? null
            : new(false, $"The DuckDB side path is {Liveness.FormatDuration((long)state.SidePathLag)} behind", "Queries over the latest readings use the database, slower. It catches up by itself; if it does not, rebuild it.", action);
    }

    private static Found? SecondStoreBehind(SystemState state)
    {
        var action = new WarningAction("Move data", "/system/move", Need.Admin);
        var (status, lag) = (state.Second, state.Second.LagSince is { } since ? (state.Now - DateTimeOffset.UnixEpoch).TotalSeconds - (since / 1e6) : 0);
        return status.State switch
        {
            DualWriteState.Failed => new(false, "The second store does not follow", status.Message ?? "The log says why.", action),
            DualWriteState.Unavailable => new(false, "The second store is unavailable", "It falls behind until it can be reached; nothing is lost.", action),
            DualWriteState.Paused or DualWriteState.Following when lag > MaxSecondStoreLag
                => new(false, $"The second store is {Liveness.FormatDuration((long)lag)} behind", status.State == DualWriteState.Paused ? "It is paused. Let it go on, or end dual-write." : "It is slower than what arrives.", action),
            _ => null,
        };
    }

    private static Found? Rejected(SystemState state)
    {
        var groups = state.Rejected.Where(g => SecondsAhead(g) == 0).ToList();
        var rows = groups.Sum(g => g.Count);
        if (rows < ManyRejected) return null;
        var what = groups.Exists(g => g.Kind == RejectedRows.Requests) ? "rows and requests" : "rows";
        return new(false, $"{Whole(rows)} {what} rejected in the last 24 hours", $"Most of {groups[0].Sender ?? "an unknown sender"}: {groups[0].LatestError}, {NumberText.Count(groups[0].Count, "time")}.", new("Rejected rows", "/system#rejected-title"));
    }

    private static Found? DiskWrites(SystemState state) => state.IsOnServer || state.WrittenPerDay is not (> MaxWrittenPerDay and var perDay) ? null
        : new(false, $"{SizeText.Of((long)perDay)} are written a day", "That wears a memory card out within years. Send larger batches, set Ingest:Durability to SdSaver, or use an SSD.", new("Storage", "/system#storage-title"));

    private static Found? Audit(SystemState state) => state.AuditMissing == 0 ? null
        : new(false, "The audit log lacks entries", $"{NumberText.Count(state.AuditMissing, "entry", "entries")} since the start, because the database failed. The log of the program has them.", new("Audit log", "/system/audit", Need.Admin));

    // Seconds for which the latest rejected time was ahead; 0: not ahead, or in another unit than seconds.
    private static long SecondsAhead(RejectedGroup group)
        => group.Field is "timestamp" or "received_at" && RejectedTime().Match(group.LatestError) is { Success: true } match && long.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var time)
            ? Math.Max(0, time - group.Last) : 0;

    private static string Age(SystemState state, DateTimeOffset since) => Liveness.FormatDuration((long)(state.Now - since).TotalSeconds);

    private static string Whole(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    [GeneratedRegex(", not ([0-9]{1,10})$", RegexOptions.CultureInvariant)]
    private static partial Regex RejectedTime();

    private sealed record Found(bool IsBad, string Text, string Advice, WarningAction? Action);
}
