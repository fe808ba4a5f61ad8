using System.Buffers;
using System.Runtime.CompilerServices;

namespace SensorDash.Data.Readings;

/// <summary>Enumerates any number of readings in constant memory.</summary>
public static class ReadingPages
{
    /// <summary>Reads all readings that <paramref name="filter"/> selects, page by page, with keyset pagination.</summary>
    /// <remarks>
    /// Each page is a separate short read, so that a slow consumer never keeps the store's log from truncating. Readings that arrive in the meantime
    /// appear if their position is still ahead; none appears twice.
    /// </remarks>
    /// <returns>Pages whose memory is valid until the next page is requested.</returns>
    public static async IAsyncEnumerable<ReadOnlyMemory<Reading>> ReadPagesAsync(
        this IReadingStore store, ReadingFilter filter, ReadingOrder order, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var length = store.PageLength;
        var page = ArrayPool<Reading>.Shared.Rent(length);
        try
        {
            ReadingPosition? after = null;
            while (true)
            {
                var count = await store.ReadAsync(new ReadingQuery(filter, order, after), page.AsMemory(0, length), cancellationToken);
                if (count > 0) yield return page.AsMemory(0, count);
                if (count < length) yield break;
                after = new ReadingPosition(page[count - 1].Timestamp, page[count - 1].NodeAddress);
            }
        }
        finally
        {
            ArrayPool<Reading>.Shared.Return(page);
        }
    }
}
