using System.Threading.Channels;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>The bounded queue between requests and the one writer. Many senders, one reader.</summary>
public sealed class WriteBuffer<TRow>(IOptions<IngestOptions> options, TimeProvider clock)
{
    private readonly int _capacity = options.Value.BufferCapacity;

    // Bounded by weight, not by submissions: a submission is one row or five thousand.
    private readonly Channel<Submission<TRow>> _queue = Channel.CreateUnbounded<Submission<TRow>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _roomLock = new();
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _rows;

    /// <summary>Rows that wait for a commit, by their weight, those the writer has taken included.</summary>
    public int RowsWaiting => Volatile.Read(ref _rows);

    /// <summary>Most rows that may wait.</summary>
    public int Capacity => _capacity;

    internal ChannelReader<Submission<TRow>> Reader => _queue.Reader;

    /// <summary>Queues <paramref name="submission"/> if there is room for all of it.</summary>
    /// <returns>False when the buffer is full; nothing was taken.</returns>
    /// <exception cref="StoreUnavailableException">The program is stopping.</exception>
    public bool TryAdd(Submission<TRow> submission)
    {
        var weight = submission.Weight;
        lock (_roomLock)
        {
            // An empty buffer takes anything, so a submission can never be too long for ever.
            if (_rows > 0 && _rows + weight > _capacity) return false;
            _rows += weight;
        }
        submission.QueuedAt = clock.GetTimestamp();
        if (_queue.Writer.TryWrite(submission)) return true;
        Release(weight);
        throw new StoreUnavailableException("SensorDash is stopping.");
    }

    /// <summary>Queues <paramref name="submission"/>, waiting for room: back-pressure on a sender whose request is half read.</summary>
    /// <exception cref="StoreUnavailableException">There was no room for <paramref name="timeout"/>, or the program is stopping.</exception>
    public async Task AddAsync(Submission<TRow> submission, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            Task room;
            lock (_roomLock) room = _room.Task; // Taken before the try: room made in between is then not missed.
            if (TryAdd(submission)) return;
            try
            {
                // What is left of it: room that is too small, or that others take, must not begin the wait anew.
                var left = timeout - clock.GetElapsedTime(began);
                await room.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, cancellationToken);
            }
            catch (TimeoutException e)
            {
                throw new StoreUnavailableException($"The write buffer of {_capacity} rows stayed full for {timeout.TotalSeconds:0} s.", e);
            }
        }
    }

    /// <summary>Takes no more; what is queued is still written.</summary>
    public void Complete() => _queue.Writer.TryComplete(); // Try: the host may stop a service twice.

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
