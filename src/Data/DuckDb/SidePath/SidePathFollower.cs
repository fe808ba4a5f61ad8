using System.Security.Cryptography;
using System.Text;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>Tells the store how far a side path is, rarely: each time is a write, and merging can wait.</summary>
internal sealed class SidePathFollower(IBatchLog log, string path, TimeProvider clock)
{
    private static readonly TimeSpan _whenMoved = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _whenIdle = TimeSpan.FromHours(12);

    private (long Cursor, DateTimeOffset At)? _noted;

    /// <summary>The same after a rebuild and a restart, different for each file of each machine.</summary>
    public string Name { get; } = $"side path {Environment.MachineName[..Math.Min(Environment.MachineName.Length, 64)]} "
        + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path)))[..6]);

    /// <summary>Notes the cursor if the last note is old.</summary>
    /// <exception cref="StoreUnavailableException">Nothing is noted.</exception>
    public async Task NoteAsync(long cursor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // After the clock was set back, too.
        if (_noted is { } noted && now >= noted.At && now - noted.At < (cursor == noted.Cursor ? _whenIdle : _whenMoved)) return;
        await log.FollowAsync(Name, cursor, cancellationToken);
        _noted = (cursor, now);
    }

    /// <summary>The next note is written in any case: the file has another state.</summary>
    public void Forget() => _noted = null;
}
