namespace SensorDash.Data.Readings;

/// <summary>The latest batches of this process with their rows, so that a subscriber that keeps up reads nothing from the store.</summary>
/// <remarks>Bounded: a subscriber that is too slow finds its next batch dropped, and reads it from the store.</remarks>
public sealed class RecentBatches
{
    /// <summary>Maximum rows, 8 MB; a larger batch is not kept.</summary>
    public const int MaxRows = 160_000;

    private readonly Lock _lock = new();
    private readonly Queue<(long Id, long CommittedAt, Reading[] Added)> _batches = [];
    private long _lastId;
    private int _rows;
    private volatile bool _isWanted;

    /// <summary>Whether anybody has asked for changes; before that, writers need not keep rows.</summary>
    public bool IsWanted => _isWanted;

    /// <summary>Keeps a committed batch of added rows. Batches of other processes and removals are not kept; they end the sequence.</summary>
    internal void Add(long id, long committedAt, Reading[] added)
    {
        lock (_lock)
        {
            if (id != _lastId + 1) Clear();
            _lastId = id;
            _batches.Enqueue((id, committedAt, added));
            _rows += added.Length;
            while (_rows > MaxRows) _rows -= _batches.Dequeue().Added.Length;
        }
    }

    /// <summary>The changes after a batch.</summary>
    /// <param name="after">The last batch that the subscriber applied.</param>
    /// <param name="rowsWanted">Rows after which no further batch is added.</param>
    /// <returns>Null when the store must be read: the next batch is not kept, or there is none.</returns>
    internal ReadingChanges? Read(long after, int rowsWanted)
    {
        _isWanted = true;
        lock (_lock)
        {
            if (!_batches.TryPeek(out var first) || after < first.Id - 1 || after >= _lastId) return null;
            var chosen = new List<Reading[]>();
            var (upTo, committedAt, rows) = (0L, 0L, 0);
            foreach (var (id, at, added) in _batches)
            {
                if (id <= after) continue;
                chosen.Add(added);
                (upTo, committedAt, rows) = (id, at, rows + added.Length);
                if (rows >= rowsWanted) break;
            }
            return new ReadingChanges(upTo, committedAt, chosen is [var only] ? only : [.. chosen.SelectMany(batch => batch)], []);
        }
    }

    /// <summary>Drops everything: the store has another history.</summary>
    internal void Forget()
    {
        lock (_lock) Clear();
    }

    private void Clear()
    {
        _batches.Clear();
        _rows = 0;
    }
}
