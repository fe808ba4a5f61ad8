using System.Runtime.CompilerServices;

namespace SensorDash.Data.Transfer;

/// <summary>Reads a page of a side.</summary>
internal delegate Task<TransferPage<TRow>> ReadPage<TRow>(TransferRange range, int limit, CancellationToken cancellationToken);

/// <summary>Adds rows to a summary.</summary>
internal delegate void AddRows<TRow>(TransferSummary summary, ReadOnlySpan<TRow> rows);

/// <summary>The pages of a range, one after the other.</summary>
internal static class TransferPages
{
    /// <summary>Reads each page, and sums it up, while the caller works with the one before it.</summary>
    /// <param name="read">Reads a page. It has ended when the enumeration is disposed.</param>
    /// <param name="addTo">Sums it up.</param>
    /// <param name="range">All rows to read.</param>
    /// <param name="limit">Maximum rows of the next page.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public static async IAsyncEnumerable<(TransferRange Chunk, ReadOnlyMemory<TRow> Rows, TransferSummary Summary)> ReadAheadAsync<TRow>(
        ReadPage<TRow> read, AddRows<TRow> addTo, TransferRange range, Func<int> limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (range.From >= range.To) yield break;
        var next = StartAsync(range);
        try
        {
            for (var from = range.From; from < range.To;)
            {
                var (page, summary) = await next;
                if (page.End < range.To) next = StartAsync(range with { From = page.End });
                yield return (new(from, page.End), page.Rows, summary);
                from = page.End;
            }
        }
        finally
        {
            // A side has one reader at a time. Its error is that of a page that nobody wants.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Task<(TransferPage<TRow> Page, TransferSummary Summary)> StartAsync(TransferRange rest)
        {
            var length = limit();
            return Task.Run(() => ReadAsync(rest, length), cancellationToken);
        }

        async Task<(TransferPage<TRow> Page, TransferSummary Summary)> ReadAsync(TransferRange rest, int length)
        {
            var page = await read(rest, length, cancellationToken);
            var summary = new TransferSummary();
            addTo(summary, page.Rows.Span);
            return (page, summary);
        }
    }

    /// <summary>Makes each block on another thread while the caller works with the one before it.</summary>
    /// <param name="blocks">Enumerated once. Nothing is made any more when the enumeration is disposed.</param>
    public static IEnumerable<TBlock> MakeAhead<TBlock>(IEnumerable<TBlock> blocks)
        where TBlock : class
    {
        using var each = blocks.GetEnumerator();
        var next = Task.Run(MakeNext);
        try
        {
            while (next.GetAwaiter().GetResult() is { } block)
            {
                next = Task.Run(MakeNext);
                yield return block;
            }
        }
        finally
        {
            ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        TBlock? MakeNext() => each.MoveNext() ? each.Current : null;
    }
}
