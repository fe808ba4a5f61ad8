using System.Runtime.InteropServices;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>The change of one node by a batch.</summary>
internal struct NodeChange
{
    /// <summary>Device id of its last new reading that has one.</summary>
    public ulong? DeviceId;

    /// <summary>First and latest measured time of its new readings; first > latest when there are none.</summary>
    public long First, Last;

    /// <summary>When its last new reading was received, and the measured time of that reading; the lowest numbers when there are none.</summary>
    public long LastReceivedAt, LastReceivedTimestamp;

    public int Count, Duplicates;

    /// <summary>The node is new and beyond the maximum number of nodes: nothing of it is stored.</summary>
    public bool IsBeyondLimit;
}

/// <summary>Counts a batch by node, for the counters of all stores.</summary>
internal sealed class NodeChanges
{
    private readonly Dictionary<int, NodeChange> _changes = [];
    private long _now;

    /// <summary>Addresses and changes, in no order.</summary>
    public IReadOnlyCollection<KeyValuePair<int, NodeChange>> All => _changes;

    /// <summary>Starts a batch.</summary>
    /// <param name="now">The server's clock, Unix seconds: a sender may give a later received time, which would hide its silence.</param>
    public void Clear(long now)
    {
        _changes.Clear();
        _now = now;
    }

    /// <summary>The change of a node, valid until the next call.</summary>
    public ref NodeChange Of(int address, out bool isFirst)
    {
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, address, out var known);
        isFirst = !known;
        if (isFirst) (change.First, change.Last, change.LastReceivedAt, change.LastReceivedTimestamp) = (long.MaxValue, long.MinValue, long.MinValue, long.MinValue);
        return ref change;
    }

    public void Count(in Reading reading, RowOutcome outcome)
    {
        if (outcome != RowOutcome.NodeLimit) Count(ref Of(reading.NodeAddress, out _), reading, outcome);
    }

    public void Count(ref NodeChange change, in Reading reading, RowOutcome outcome)
    {
        if (outcome != RowOutcome.Inserted)
        {
            change.Duplicates++; // The node exists: the original reading created it.
            return;
        }
        change.First = Math.Min(change.First, reading.Timestamp);
        change.Last = Math.Max(change.Last, reading.Timestamp);
        var receivedAt = Math.Min(reading.ReceivedAt, _now);
        if (receivedAt > change.LastReceivedAt) (change.LastReceivedAt, change.LastReceivedTimestamp) = (receivedAt, reading.Timestamp);
        else if (receivedAt == change.LastReceivedAt) change.LastReceivedTimestamp = Math.Max(change.LastReceivedTimestamp, reading.Timestamp);
        change.DeviceId = reading.DeviceId ?? change.DeviceId;
        change.Count++;
    }
}
