using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>Commits of events. Separate from readings, so that subscribers of readings do not wake for events.</summary>
public sealed class EventCommitSignal : CommitSignal;
