using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Tests.Ingest;

/// <summary>A real store that can be told to be away for some calls, or to wait before a commit.</summary>
internal sealed class FailingStore(IReadingStore store) : IReadingStore
{
    private int _failures;

    /// <summary>Sizes of the batches that were tried, those that failed included.</summary>
    public List<int> AttemptedSizes { get; } = [];

    /// <summary>Whether a reading makes every batch with it fail, as an error of a writer would.</summary>
    public Predicate<Reading> Breaks { get; set; } = _ => false;

    /// <summary>Larger batches are too large for the store.</summary>
    public int MaxRows { get; set; } = int.MaxValue;

    /// <summary>While set, each append waits for it, after having said so.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>While set, what happens to whoever removes old readings.</summary>
    public Exception? RemovalError { get; set; }

    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The next so many appends find the store away.</summary>
    public void FailNext(int appends) => Volatile.Write(ref _failures, appends);

    public int PageLength => store.PageLength;

    public async Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        lock (AttemptedSizes) AttemptedSizes.Add(batch.Length);
        Entered.TrySetResult();
        if (Gate is { } gate) await gate.Task.WaitAsync(cancellationToken);
        if (Interlocked.Decrement(ref _failures) >= 0) throw new StoreUnavailableException("The store is away.");
        if (batch.Length > MaxRows) throw new StoreBatchTooLargeException("Too many rows.");
        foreach (var reading in batch.Span)
            if (Breaks(reading)) throw new InvalidOperationException("The writer has a fault.");
        return await store.AppendAsync(batch, outcomes, cancellationToken);
    }

    public Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken) => store.ReadAsync(query, page, cancellationToken);

    public Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken) => store.CountAsync(filter, cancellationToken);

    public Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken)
        => store.ReadNewestAsync(addresses, count, cancellationToken);

    public Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken)
        => RemovalError is { } error ? Task.FromException<long>(error) : store.RemoveBeforeAsync(before, cancellationToken);

    public Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken) => store.RemoveBeforeAsync(nodes, cancellationToken);

    public int BytesPerReading => store.BytesPerReading;
}
