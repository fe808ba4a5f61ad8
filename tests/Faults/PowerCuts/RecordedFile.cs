namespace SensorDash.Faults.Tests.PowerCuts;

/// <summary>A file: what was synced, and what was changed since.</summary>
internal sealed class RecordedFile
{
    private byte[] _bytes = [];
    private int _length;

    public List<Change> Pending { get; } = [];

    /// <summary>Everything that was changed before a position of the recording is durable.</summary>
    public void Sync(long until)
    {
        foreach (var change in Pending.TakeWhile(change => change.Position < until)) Apply(change);
        Pending.RemoveAll(change => change.Position < until);
    }

    /// <summary>The content after a power cut.</summary>
    /// <param name="kept">How likely a change is kept.</param>
    /// <param name="torn">How likely a kept write is torn into sectors, each of which is there or not.</param>
    public byte[] Cut(Random random, double kept, double torn, int sector)
    {
        var cut = new RecordedFile { _bytes = [.. _bytes], _length = _length };
        foreach (var change in Pending)
        {
            if (random.NextDouble() >= kept) continue;
            if (change.Kind == ChangeKind.Truncate || random.NextDouble() >= torn)
            {
                cut.Apply(change);
                continue;
            }
            for (var at = 0; at < change.Bytes.Length;)
            {
                var length = Math.Min(change.Bytes.Length - at, sector - (int)((change.Offset + at) % sector));
                if (random.Next(2) == 0) cut.Apply(change with { Offset = change.Offset + at, Bytes = change.Bytes.Slice(at, length) });
                at += length;
            }
        }
        return cut._bytes[..cut._length];
    }

    private void Apply(in Change change)
    {
        var end = checked((int)change.Offset + (change.Kind == ChangeKind.Write ? change.Bytes.Length : 0));
        if (end > _bytes.Length) Array.Resize(ref _bytes, Math.Max(end, 2 * _bytes.Length));
        if (change.Kind == ChangeKind.Write) change.Bytes.Span.CopyTo(_bytes.AsSpan((int)change.Offset));
        else if (end < _length) _bytes.AsSpan(end, _length - end).Clear();
        _length = change.Kind == ChangeKind.Write ? Math.Max(_length, end) : end;
    }
}
