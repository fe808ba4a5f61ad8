using System.Runtime.InteropServices;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>What a batch changes about one node.</summary>
internal struct NodeChange
{
    /// <summary>As its last new reading that has one gives it.</summary>
    public ulong? DeviceId;

    /// <summary>Oldest and newest measured time of its new readings; the wrong way round when there is none.</summary>
    public long First, Last;

    public int Count, Duplicates;
}

/// <summary>Counts a batch by node, for the counters of every store.</summary>
internal sealed class NodeChanges
{
    private readonly Dictionary<int, NodeChange> _changes = [];

    /// <summary>Addresses and what changes, in no order.</summary>
    public IReadOnlyCollection<KeyValuePair<int, NodeChange>> All => _changes;

    public void Clear() => _changes.Clear();

    public void Count(in Reading reading, RowOutcome outcome)
    {
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, reading.NodeAddress, out var known);
        if (!known) (change.First, change.Last) = (long.MaxValue, long.MinValue);
        if (outcome != RowOutcome.Inserted)
        {
            change.Duplicates++; // The node is there: the reading that this one repeats has made it.
            return;
        }
        change.First = Math.Min(change.First, reading.Timestamp);
        change.Last = Math.Max(change.Last, reading.Timestamp);
        change.DeviceId = reading.DeviceId ?? change.DeviceId;
        change.Count++;
    }
}
