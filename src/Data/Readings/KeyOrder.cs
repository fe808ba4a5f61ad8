namespace SensorDash.Data.Readings;

/// <summary>The order of a batch by its key (node, time): rows of one node lie together in the store, so that inserting them in this order
/// changes each page once.</summary>
internal sealed class KeyOrder
{
    // 2000 to 2272, and node addresses have 31 bits.
    private const int TimeBits = 33;

    private ulong[] _keys = [];
    private int[] _order = [];

    /// <summary>Indexes of the batch in the order of the key; rows with equal keys keep their order. Valid until the next call.</summary>
    public ReadOnlySpan<int> Of(ReadOnlySpan<Reading> batch)
    {
        if (_order.Length < batch.Length) (_keys, _order) = (new ulong[batch.Length], new int[batch.Length]);
        var isSorted = true;
        for (var i = 0; i < batch.Length; i++)
        {
            (_keys[i], _order[i]) = (((ulong)batch[i].NodeAddress << TimeBits) | (ulong)(batch[i].Timestamp - Reading.MinTimestamp), i);
            isSorted &= i == 0 || _keys[i - 1] <= _keys[i];
        }
        if (!isSorted)
        {
            Array.Sort(_keys, _order, 0, batch.Length);
            RestoreTies(batch.Length);
        }
        return _order.AsSpan(0, batch.Length);
    }

    // The sort is not stable, and of equal keys the first one is stored.
    private void RestoreTies(int count)
    {
        for (int start = 0, end; start < count; start = end)
        {
            for (end = start + 1; end < count && _keys[end] == _keys[start];) end++;
            if (end - start > 1) Array.Sort(_order, start, end - start);
        }
    }
}
