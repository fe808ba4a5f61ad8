using System.Threading.Channels;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>The bounded queue between requests and the writer. Many senders, one reader.</summary>
public sealed class WriteBuffer<TRow>(IOptions<IngestOptions> options, TimeProvider clock)
{
    private readonly int _capacity = options.Value.BufferCapacity;

    // Bounded by weight, not by submissions: a submission has 1 to 5,000 rows.
    private readonly Channel<Submission<TRow>> _queue = Channel.CreateUnbounded<Submission<TRow>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _roomLock = new();
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _rows;

    /// <summary>Queued rows by weight, including rows that the writer currently commits.</summary>
    public int RowsWaiting => Volatile.Read(ref _rows);

    /// <summary>Maximum queued rows.</summary>
    public int Capacity => _capacity;

    internal ChannelReader<Submission<TRow>> Reader => _queue.Reader;

    /// <summary>Queues <paramref name="submission"/> if the free capacity is sufficient.</summary>
    /// <returns>False when the buffer is full; nothing was queued.</returns>
    /// <exception cref="StoreUnavailableException">SensorDash is stopping.</exception>
    public bool TryAdd(Submission<TRow> submission)
    {
        var weight = submission.Weight;
        lock (_roomLock)
        {
            // An empty buffer accepts any submission, so none is ever too large.
            if (_rows > 0 && _rows + weight > _capacity) return false;
            _rows += weight;
        }
        submission.QueuedAt = clock.GetTimestamp();
        if (_queue.Writer.TryWrite(submission)) return true;
        Release(weight);
        throw new StoreUnavailableException("SensorDash is stopping.");
    }

    /// <summary>Queues <paramref name="submission"/>and waits for free capacity: back-pressure on a sender whose request is still being read.</summary>
    /// <exception cref="StoreUnavailableException">The buffer was full for <paramref name="timeout"/>, or SensorDash is stopping.</exception>
    public async Task AddAsync(Submission<TRow> submission, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            Task room;
            lock (_roomLock) room = _room.Task; // Taken before the attempt, so that capacity freed in between is not missed.
            if (TryAdd(submission)) return;
            try
            {
                // The remaining time: capacity that is too small, or that others take, must not restart the timeout.
                var left = timeout - clock.GetElapsedTime(began);
                await room.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, cancellationToken);
            }
            catch (TimeoutException e)
            {
                throw new StoreUnavailableException($"The write buffer of {_capacity} rows stayed full for {timeout.TotalSeconds:0} s.", e);
            }
        }
    }

    /// <summary>Accepts no more rows; queued rows are still written.</summary>
    public void Complete() => _queue.Writer.TryComplete(); // TryComplete, because the host may stop a service twice.

    internal void Release(int weight)
    {
        TaskCompletionSource room;
        lock (_roomLock)
        {
            _rows -= weight;
            room = _room;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        room.TrySetResult();
    }
}
