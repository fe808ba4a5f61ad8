using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>Runs a sample of the reads of clients on the second store too, and compares the results. Clients get the result of the primary and never wait.</summary>
internal sealed class ShadowReads(IOptions<TransferSettings> settings)
{
    private const int Attempts = 3;

    private Sample? _sample; // The next one; others in the meantime are not compared.

    /// <summary>Compared reads.</summary>
    public long Count { get; private set; }

    /// <summary>Reads whose results differed.</summary>
    public long Mismatches { get; private set; }

    /// <summary>Offers a read for comparison.</summary>
    public void Offer(ReadingQuery query, int length)
    {
        if (Volatile.Read(ref _sample) is null && Random.Shared.Next(100) < settings.Value.ShadowReadPercent) Volatile.Write(ref _sample, new(query, length));
    }

    /// <summary>Compares the read that was offered, if any. As in <see cref="RunningComparison"/>, a result that changes meanwhile is not a difference.</summary>
    public async Task CompareAsync(IReadingStore ours, IReadingStore theirs, Func<CancellationToken, Task> catchUp, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _sample, null) is not { } sample) return;
        var expected = await ReadAsync(ours, sample, cancellationToken);
        var (_, isEqual) = await RunningComparison.CompareAsync(
            expected, token => ReadAsync(ours, sample, token), token => ReadAsync(theirs, sample, token), catchUp, Attempts, cancellationToken);
        if (isEqual is { } same) (Count, Mismatches) = (Count + 1, Mismatches + (same ? 0 : 1));
    }

    private static async Task<TransferSummary> ReadAsync(IReadingStore store, Sample sample, CancellationToken cancellationToken)
    {
        var page = new Reading[sample.Length];
        var count = await store.ReadAsync(sample.Query, page, cancellationToken);
        var summary = new TransferSummary();
        summary.Add(page.AsSpan(0, count));
        return summary;
    }

    private sealed record Sample(ReadingQuery Query, int Length);
}

/// <summary>The store of readings, whose reads are offered for comparison.</summary>
internal sealed class SampledReadingStore(IReadingStore store, ShadowReads shadow) : IReadingStore, IAsyncDisposable
{
    public int PageLength => store.PageLength;

    public async Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken)
    {
        var count = await store.ReadAsync(query, page, cancellationToken);
        shadow.Offer(query, page.Length);
        return count;
    }

    public Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken) => store.CountAsync(filter, cancellationToken);

    public Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken)
        => store.ReadNewestAsync(addresses, count, cancellationToken);

    public Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken) => store.RemoveBeforeAsync(before, cancellationToken);

    public Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken) => store.RemoveBeforeAsync(nodes, cancellationToken);

    public int BytesPerReading => store.BytesPerReading;

    public Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken) => store.AppendAsync(batch, outcomes, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (store is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
        else (store as IDisposable)?.Dispose();
    }
}
