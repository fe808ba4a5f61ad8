using Microsoft.Extensions.Logging;
using SensorDash.Data.Events;

namespace SensorDash.Data.Streaming;

/// <summary>One reader of the store for all live streams of this process: it reads what other processes commit, once, and only what some stream wants.</summary>
public sealed partial class EventFeed(IEventStore store, EventCommitSignal commits, TimeProvider clock, ILogger<EventFeed> logger) : IDisposable
{
    /// <summary>Without any notification the head is read this often.</summary>
    internal static readonly TimeSpan SafetyLook = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);

    // Streams that are behind read at the same time; each holds a connection and a page.
    private const int MaxReads = 4;

    private const int MaxContentBytes = 4 << 20;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _reads = new(MaxReads);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<long, Watch> _watchers = [];
    private TaskCompletionSource _watchersChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _pump;
    private long _lastNumber, _fellBehind;

    internal RecentEvents Recent => commits.Recent;

    /// <summary>Streams at the moment.</summary>
    public int Streams
    {
        get
        {
            lock (_lock) return _watchers.Count;
        }
    }

    /// <summary>How often a stream has been so slow that its next events came from the store again.</summary>
    public long FellBehind => Interlocked.Read(ref _fellBehind);

    /// <summary>How far the slowest stream is behind the newest event.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_lock) return _watchers.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(Math.Max(0, Recent.KnownHead - _watchers.Values.Min(w => w.Position)));
        }
    }

    /// <summary>Registers a stream, until the result is disposed. Events of other processes are read with its filter from then on.</summary>
    internal Watch Register(EventFilter filter)
    {
        lock (_lock)
        {
            var watch = new Watch(this, ++_lastNumber, filter);
            _watchers.Add(watch.Number, watch);
            if (_watchers.Count == 1) Recent.Want(true);
            _pump ??= Task.Run(PumpAsync);
            Interlocked.Exchange(ref _watchersChange, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            return watch;
        }
    }

    internal async Task<EventStep> ReadStepAsync(EventStepQuery query, CancellationToken cancellationToken)
        => await ReadAsync(() => store.ReadStepAsync(query, cancellationToken), cancellationToken);

    internal async Task<EventPageToHead> ReadToHeadAsync(EventQuery query, CancellationToken cancellationToken)
        => await ReadAsync(() => store.ReadToHeadAsync(query, cancellationToken), cancellationToken);

    internal async Task<EventHead> ReadHeadAsync(CancellationToken cancellationToken)
        => await ReadAsync(() => store.ReadHeadAsync(cancellationToken), cancellationToken);

    private async Task<T> ReadAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        await _reads.WaitAsync(cancellationToken);
        try
        {
            return await read();
        }
        finally
        {
            _reads.Release();
        }
    }

    private async Task PumpAsync()
    {
        var isNews = true;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await PumpOnceAsync(_stopping.Token);
                isNews = true;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Any error: streams wait for the store, and none may end this loop.
                if (isNews) Log.CannotRead(logger, e);
                isNews = false;
                Recent.NoteCommit(null);
                await Task.Delay(_retry, clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PumpOnceAsync(CancellationToken cancellationToken)
    {
        Task change;
        long coverage;
        EventFilter? union;
        lock (_lock)
        {
            change = _watchersChange.Task;
            coverage = _lastNumber;
            union = _watchers.Count == 0 ? null : EventFilter.Union([.. _watchers.Values.Select(w => w.Filter)]);
        }
        if (union is null)
        {
            await change.WaitAsync(cancellationToken);
            return;
        }
        var news = Recent.NextNews;
        switch (Recent.FindGap())
        {
            case -1:
                Recent.AddHead(await store.ReadHeadAsync(cancellationToken));
                return;
            case { } after:
                Recent.AddRead(after, await store.ReadStepAsync(new(union, after) { MaxContentBytes = MaxContentBytes }, cancellationToken), coverage);
                return;
        }
        try
        {
            await news.WaitAsync(SafetyLook, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            Recent.NoteCommit(null);
        }
    }

    private void Remove(long number)
    {
        lock (_lock)
        {
            if (!_watchers.Remove(number)) return;
            if (_watchers.Count == 0) Recent.Want(false);
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _pump?.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _stopping.Dispose();
        _reads.Dispose();
    }

    /// <summary>A registered stream.</summary>
    internal sealed class Watch(EventFeed feed, long number, EventFilter filter) : IDisposable
    {
        private long _position = long.MaxValue;

        public long Number => number;

        public EventFilter Filter => filter;

        /// <summary>Up to where the stream has read; the maximum until it begins.</summary>
        public long Position
        {
            get => Interlocked.Read(ref _position);
            set => Interlocked.Exchange(ref _position, value);
        }

        public void NoteFellBehind() => Interlocked.Increment(ref feed._fellBehind);

        public void Dispose() => feed.Remove(number);
    }

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Warning, "Live streams cannot read the events of other processes; retrying.")]
        public static partial void CannotRead(ILogger logger, Exception error);
    }
}
