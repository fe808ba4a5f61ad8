using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>One step of <see cref="ReadingChanges"/>, as far as the batches determine it.</summary>
internal sealed class ReadingStep(long after, int rowsWanted) : BatchStep(after, rowsWanted)
{
    /// <summary>The values of <see cref="Add(long, long, long, long, long, int?, long?)"/>.</summary>
    public const string Columns = "id, committed_at, row_count, first_timestamp, last_timestamp, removed_node, removed_before";

    // Nodes deleted in one step: of tens of thousands deleted together, a subscriber applies a few dozen changes.
    private const int MaxRemovedNodes = 1_000;

    private readonly List<NodeRemoval> _removedNodes = [];
    private long? _removedBefore;

    /// <summary>Whether there are rows to read; otherwise <see cref="Changes"/> is already complete.</summary>
    public bool HasRows => Rows > 0;

    /// <summary>Adds the next batch in the order of ids.</summary>
    public void Add(long id, long committedAt, long rows, long first, long last, int? removedNode, long? removedBefore)
    {
        var isOfNode = removedNode is not null;
        if (!TryAdd(id, committedAt, rows, first, last, isOfNode || removedBefore is not null, joins: isOfNode && _removedNodes.Count < MaxRemovedNodes)) return;
        if (removedNode is { } node) _removedNodes.Add(new(node, removedBefore));
        else _removedBefore = removedBefore;
    }

    public ReadingChanges Changes(IReadOnlyList<Reading> added) => new(UpTo, CommittedAt, added, _removedNodes, _removedBefore);
}
