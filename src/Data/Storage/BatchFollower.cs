namespace SensorDash.Data.Storage;

/// <summary>Tells a feed how far a follower is, rarely: each time is a write, and merging can wait.</summary>
/// <param name="log">The feed.</param>
/// <param name="name">Identifies the follower, 1 to 100 characters.</param>
/// <param name="clock">Of the last note.</param>
internal sealed class BatchFollower(IBatchLog log, string name, TimeProvider clock)
{
    private static readonly TimeSpan _whenMoved = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _whenIdle = TimeSpan.FromHours(12);

    private (long Cursor, DateTimeOffset At)? _noted;

    public string Name => name;

    /// <summary>Notes the cursor if the last note is old.</summary>
    /// <exception cref="StoreUnavailableException">Nothing is noted.</exception>
    public async Task NoteAsync(long cursor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // After the clock was set back, too.
        if (_noted is { } noted && now >= noted.At && now - noted.At < (cursor == noted.Cursor ? _whenIdle : _whenMoved)) return;
        await log.FollowAsync(name, cursor, cancellationToken);
        _noted = (cursor, now);
    }

    /// <summary>The next note is written in any case: the follower has another state.</summary>
    public void Forget() => _noted = null;
}
