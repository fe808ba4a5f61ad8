using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Reads the state of the hub that warnings are about: from memory, and the folders of its disk.</summary>
internal sealed class SystemWatch(
    StorageDays days, IngestWorker<Reading> readings, WriteBuffer<Reading> readingBuffer, IngestWorker<LaneEvent> events, WriteBuffer<LaneEvent> eventBuffer, RejectedRows rejected,
    Data.Backup.Backups backups, DualWrite dualWrite, IDuckDbSource duckDb, RetentionRules retention, AuditLog audit, IStoreStartup startup, ScrubWorker scrub,
    IOptions<BackupOptions> backup, IOptions<DatabaseOptions> database, IOptions<SqliteOptions> sqlite, TimeProvider clock)
{
    private volatile SystemState? _state;
    private volatile IReadOnlyList<SystemWarning> _latest = [];

    /// <summary>The state as of the last look, at most a minute old; null before the first one.</summary>
    public SystemState? State => _state;

    /// <summary>The warnings as of the last look.</summary>
    public IReadOnlyList<SystemWarning> Latest => _latest;

    /// <summary>Reads the state now, and its warnings.</summary>
    public (SystemState State, IReadOnlyList<SystemWarning> Warnings) Look()
    {
        var state = ReadState();
        return (_state = state, _latest = SystemWarnings.Of(state));
    }

    private SystemState ReadState() => new(clock.GetUtcNow(), days.Days, [
        new("readings", readings.Status.FailingSince, readingBuffer.RowsWaiting, readingBuffer.Capacity),
        new("events", events.Status.FailingSince, eventBuffer.RowsWaiting, eventBuffer.Capacity)], ReadBackup(), dualWrite.Status)
    {
        Damage = startup.Damage,
        ScrubFindings = scrub.Findings,
        Disk = DiskSpace.Of(Path.GetDirectoryName(sqlite.Value.Path)!),
        IsOnServer = database.Value.Provider == DatabaseOptions.TimescaleProvider,
        HasRetention = retention.Options.Readings.IsOn || retention.Options.Events.IsOn,
        RetentionErrors = retention.Errors,
        Analytics = duckDb.State,
        SidePathLag = duckDb.Lag?.Seconds ?? 0,
        Rejected = rejected.Read(),
        AuditMissing = audit.Missing,
    };

    private BackupState ReadBackup()
    {
        var isDaily = backup.Value.FindTime() is not null;
        try
        {
            return new(backups.Folder.List().FirstOrDefault(b => b.IsGood)?.Manifest is { } newest ? DateTimeOffset.UnixEpoch.AddMicroseconds(newest.CreatedAt) : null, isDaily, null);
        }
        catch (BackupException e)
        {
            return new(null, isDaily, e.Message);
        }
    }
}
