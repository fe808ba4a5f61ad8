namespace SensorDash.Tests.Support;

/// <summary>A clock that only moves on request. Timers fire inside <see cref="Advance"/>, in order of their due time.</summary>
public sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    /// <summary>2026-07-01T12:00:00Z, a Wednesday.</summary>
    public const long Noon = 1_782_907_200;

    private const int MaxStepsOfDays = 500;

    // Reached only if nothing waits for such a time: a test that waited for ever would take the whole run with it.
    private static readonly TimeSpan _limit = 3 * WaitFor.Limit;

    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(Func<TimeSpan, bool> Matches, TaskCompletionSource Seen)> _waiters = [];
    private DateTimeOffset _now = now;

    public ManualTime()
        : this(DateTimeOffset.FromUnixTimeSeconds(Noon))
    {
    }

    public DateTimeOffset Now
    {
        get
        {
            lock (_lock) return _now;
        }
    }

    public long UnixSeconds => Now.ToUnixTimeSeconds();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.Ticks;

    /// <summary>Completes when code waits on this clock: advancing it earlier would have no effect.</summary>
    public Task TimerPendingAsync() => TimerPendingAsync(_ => true);

    /// <summary>Completes when code waits on this clock for a time that <paramref name="matches"/>.</summary>
    public Task TimerPendingAsync(Func<TimeSpan, bool> matches)
    {
        lock (_lock)
        {
            return IsTimerPending(matches) ? Task.CompletedTask : NextTimerAsync(matches);
        }
    }

    /// <summary>Whether code waits on this clock for a time that <paramref name="matches"/>.</summary>
    public bool IsTimerPending(Func<TimeSpan, bool> matches)
    {
        lock (_lock) return _timers.Any(t => matches(t.Due - _now));
    }

    /// <summary>Completes when code starts to wait on this clock after the call, independent of earlier waits.</summary>
    public Task NextTimerAsync() => NextTimerAsync(_ => true);

    /// <summary>Completes when code starts to wait on this clock, after the call, for a time that <paramref name="matches"/>.</summary>
    public Task NextTimerAsync(Func<TimeSpan, bool> matches)
    {
        lock (_lock)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((matches, seen));
            return seen.Task.WaitAsync(_limit);
        }
    }

    /// <summary>Moves the clock if code waits on it. For loops: code that is busy does not miss an interval.</summary>
    public void AdvanceIfTimerPending(TimeSpan by)
    {
        if (IsTimerPending(_ => true)) Advance(by);
    }

    /// <summary>Lets this time pass, whenever code waits for exactly that, until the condition is true.</summary>
    /// <remarks>Code that is woken and waits again may be between its two timers when the time passes; then it waits for all of it once more.</remarks>
    public Task AdvanceUntilAsync(TimeSpan time, string what, Func<Task<bool>> isSo) => WaitFor.TrueAsync(what, async () =>
    {
        if (await isSo()) return true;
        if (IsTimerPending(due => due == time)) Advance(time);
        return false;
    });

    /// <summary>Moves the clock. Over days it takes some hundred steps, and timers fire a little late: each half minute of a week would take a quarter of a minute.</summary>
    public void Advance(TimeSpan by)
    {
        var step = by > TimeSpan.FromDays(1) ? by / MaxStepsOfDays : TimeSpan.Zero;
        DateTimeOffset end;
        lock (_lock) end = _now + by;
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                due = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
                if (due is null)
                {
                    _now = end;
                    return;
                }
                if (due.Due > _now) _now = new(Math.Max(due.Due.Ticks, Math.Min(end.Ticks, (_now + step).Ticks)), TimeSpan.Zero);
                due.Rearm(_timers);
            }
            due.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ManualTimer(ManualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var fires = false;
            List<TaskCompletionSource> seen = [];
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                _period = period;
                if (dueTime == TimeSpan.Zero) fires = true;
                else if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock._now + dueTime;
                    clock._timers.Add(this);
                    seen.AddRange(clock._waiters.Where(w => w.Matches(dueTime)).Select(w => w.Seen));
                    clock._waiters.RemoveAll(w => w.Matches(dueTime));
                }
            }
            foreach (var waiter in seen) waiter.TrySetResult();
            if (fires) Fire();
            return true;
        }

        public void Rearm(List<ManualTimer> timers)
        {
            if (_period == Timeout.InfiniteTimeSpan || _period == TimeSpan.Zero) timers.Remove(this);
            else Due += _period;
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
