using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>Commits of events. A feed of their own: what follows the readings need not look whenever an event comes.</summary>
public sealed class EventCommitSignal : CommitSignal;
