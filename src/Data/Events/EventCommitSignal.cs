using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>Commits of events. Separate from readings, so that subscribers of readings do not wake for events.</summary>
public sealed class EventCommitSignal : CommitSignal
{
    /// <summary>The events of the latest commits, for streams.</summary>
    public RecentEvents Recent { get; } = new();

    /// <summary>Identifies the writers that publish here, in notifications to all processes.</summary>
    internal string ProcessId { get; private set; } = NewId();

    /// <inheritdoc/>
    public override void PublishOther()
    {
        Recent.NoteCommit(null);
        Publish();
    }

    /// <summary>Notes a commit whose result is unknown. If it happens, even later, its notification is taken for that of another process.</summary>
    internal void PublishUncertain()
    {
        ProcessId = NewId();
        Recent.NoteCommit(null);
    }

    private static string NewId() => Guid.NewGuid().ToString("N");
}
