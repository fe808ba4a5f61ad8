namespace SensorDash.Data.Streaming;

/// <summary>Waits between windows by a steady clock: what one wait is too long, the next is shorter.</summary>
internal sealed class ReplayPace(TimeProvider clock)
{
    // A client that stopped reading for longer does not get the time since then at once.
    private static readonly TimeSpan _maxLag = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _maxSilence = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _longestDelay = TimeSpan.FromHours(1);

    private static readonly TimeSpan _longestWindow = TimeSpan.FromDays(10_000);

    private long _start;
    private TimeSpan _due;

    /// <summary>Whether a client without messages should get one.</summary>
    public bool IsSilent => clock.GetElapsedTime(_start) - _due > _maxSilence;

    /// <summary>The next window is due after it.</summary>
    public void Start() => (_start, _due) = (clock.GetTimestamp(), TimeSpan.Zero);

    /// <summary>Waits until the end of a window.</summary>
    public async Task WaitAsync(double seconds, CancellationToken cancellationToken)
    {
        _due += seconds < _longestWindow.TotalSeconds ? TimeSpan.FromSeconds(seconds) : _longestWindow;
        if (_due > _longestWindow || clock.GetElapsedTime(_start) - _due > _maxLag)
        {
            var late = _due > _longestWindow ? _longestWindow : TimeSpan.Zero;
            Start();
            _due = late;
        }
        // Timers count milliseconds; the rest is part of the next wait.
        while (_due - clock.GetElapsedTime(_start) is var left && left >= TimeSpan.FromMilliseconds(1))
            await Task.Delay(left < _longestDelay ? left : _longestDelay, clock, cancellationToken);
    }
}
