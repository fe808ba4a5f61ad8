using SensorDash.Data.Analytics;
using SensorDash.Data.Ingest;
using SensorDash.Data.Storage;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations.Figures;

/// <summary>One writer: of readings or of events.</summary>
internal sealed record WriterState(string Type, DateTimeOffset? FailingSince, long Queued, long Capacity);

/// <summary>The backups of this hub.</summary>
/// <param name="NewestAt">When the newest good one was made; null without one.</param>
/// <param name="IsDaily">Whether one is made every day.</param>
/// <param name="Error">Why their folder cannot be read; null if it can.</param>
internal sealed record BackupState(DateTimeOffset? NewestAt, bool IsDaily, string? Error);

/// <summary>What the warnings are derived from; reading it costs no query.</summary>
/// <param name="Now">The time.</param>
/// <param name="Days">Growth and writes by day.</param>
/// <param name="Writers">Both writers.</param>
/// <param name="Backup">The backups.</param>
/// <param name="Second">The second store.</param>
internal sealed record SystemState(DateTimeOffset Now, IReadOnlyList<StorageDay> Days, IReadOnlyList<WriterState> Writers, BackupState Backup, DualWriteStatus Second)
{
    /// <summary>Damage that waits for a decision; null without.</summary>
    public StoreDamage? Damage { get; init; }

    /// <summary>What the scrub found that has rotted, in the pass that runs or the last one.</summary>
    public long ScrubFindings { get; init; }

    /// <summary>The disk of the database, or where its file would be; null: not known.</summary>
    public DiskSpace? Disk { get; init; }

    /// <summary>Whether the database is on a server, whose disk is not known here.</summary>
    public bool IsOnServer { get; init; }

    public bool HasRetention { get; init; }

    /// <summary>Settings of retention that name what does not exist.</summary>
    public IReadOnlyList<string> RetentionErrors { get; init; } = [];

    public AnalyticsState Analytics { get; init; } = AnalyticsState.Off;

    /// <summary>Age of the oldest row that the side path is behind, in seconds.</summary>
    public double SidePathLag { get; init; }

    /// <summary>Rejected rows of the last 24 hours, the largest group first.</summary>
    public IReadOnlyList<RejectedGroup> Rejected { get; init; } = [];

    /// <summary>Entries that the audit log lacks.</summary>
    public long AuditMissing { get; init; }

    /// <summary>Growth of the files of this machine; null before there is a day of data.</summary>
    public StorageGrowth? FileGrowth { get; } = StorageGrowth.Of(Days, Now, size => size.Files);

    /// <summary>Growth of the database on a server; null without one, and before there is a day of data.</summary>
    public StorageGrowth? ServerGrowth { get; } = StorageGrowth.Of(Days, Now, size => size.Server);

    /// <summary>Days until the disk is full at the rate of the last days; null: not known, or never at this rate.</summary>
    public double? DaysLeft => Disk is { } disk ? FileGrowth?.DaysUntil(disk.Free) : null;

    /// <summary>Bytes written on the current day, UTC; null where the kernel does not tell.</summary>
    public long? WrittenToday => Days.Count > 0 && Days[^1].Day == Today ? Days[^1].Written : null;

    /// <summary>Mean bytes a day of the whole days in the last week; null before there is one.</summary>
    public double? WrittenPerDay => Days.Where(d => d.Day < Today && d.Day >= Today.AddDays(-7) && d.Written is not null).Select(d => (double?)d.Written).Average();

    private DateOnly Today => DateOnly.FromDateTime(Now.UtcDateTime);
}
