using SensorDash.Data.Events;
using SensorDash.Data.Streaming;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Streaming;

/// <summary>A client of a stream: what it has received.</summary>
internal sealed class ReceivedStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<StreamItem> _items = [];
    private readonly IAsyncEnumerator<StreamItem> _stream;
    private readonly Task _run;

    /// <param name="open">Opens the stream.</param>
    /// <param name="isPaused">Takes items only when told.</param>
    public ReceivedStream(Func<CancellationToken, IAsyncEnumerable<StreamItem>> open, bool isPaused)
    {
        _stream = open(_cancel.Token).GetAsyncEnumerator(_cancel.Token);
        _run = isPaused ? Task.CompletedTask : Task.Run(TakeAllAsync);
    }

    public IReadOnlyList<StreamItem> Items
    {
        get
        {
            lock (_items) return [.. _items];
        }
    }

    public IReadOnlyList<StreamChunk> Chunks => [.. Items.OfType<StreamChunk>()];

    public IReadOnlyList<LaneEvent> Received => [.. Chunks.SelectMany(c => c.Events).Select(e => e.Event)];

    /// <summary>Whether the stream has ended by itself.</summary>
    public bool IsOver => _run.IsCompleted;

    public Task CaughtUpAsync() => WaitAsync("caught up", items => items.Any(i => i is StreamCaughtUp));

    public Task WaitForAsync(int events) => WaitAsync($"{events} events", items => items.OfType<StreamChunk>().Sum(c => c.Events.Count) >= events);

    public Task CompleteAsync() => WaitAsync("complete", items => items.Any(i => i is StreamComplete));

    /// <summary>Takes items of a paused stream up to the next time that it has caught up.</summary>
    public async Task TakeUntilCaughtUpAsync()
    {
        while (await _stream.MoveNextAsync().AsTask().WaitAsync(WaitFor.Limit))
        {
            lock (_items) _items.Add(_stream.Current);
            if (_stream.Current is StreamCaughtUp) return;
        }
    }

    /// <summary>Asserts that each item goes on where the one before it ended, as a client proves it.</summary>
    public void AssertContinuous()
    {
        long? position = null;
        foreach (var item in Items)
        {
            var (prev, next) = item switch
            {
                StreamChunk { Prev: not null } chunk => (chunk.Prev, chunk.Position),
                StreamCaughtUp caughtUp => (caughtUp.Position, caughtUp.Position),
                StreamFellBehind behind => (behind.Position, behind.Position),
                StreamReset reset => (null, reset.Newest),
                _ => (position, position),
            };
            if (prev is not null && position is not null) Assert.Equal(position, prev);
            position = next;
        }
    }

    private async Task WaitAsync(string what, Func<IReadOnlyList<StreamItem>, bool> isSo)
    {
        await WaitFor.TrueAsync(what, () => isSo(Items) || _run.IsFaulted);
        if (!isSo(Items)) await _run;
    }

    private async Task TakeAllAsync()
    {
        while (await _stream.MoveNextAsync())
        {
            lock (_items) _items.Add(_stream.Current);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stream.DisposeAsync();
        _cancel.Dispose();
    }
}
