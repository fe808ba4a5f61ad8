namespace SensorDash.Data.Storage;

/// <summary>The batches of one feed, and who follows them.</summary>
public interface IBatchLog
{
    /// <summary>The feed: readings or events.</summary>
    string Feed { get; }

    /// <summary>Notes how far a follower is. Batches after its cursor, and the one at it, stay as they are until it has not been seen for <see cref="Follower.Limit"/>.</summary>
    /// <param name="name">Identifies the follower, 1 to 100 characters.</param>
    /// <param name="cursor">The last batch that it has applied.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    /// <exception cref="StoreUnavailableException">Nothing is noted.</exception>
    Task FollowAsync(string name, long cursor, CancellationToken cancellationToken);

    /// <summary>Forgets a follower; does nothing if there is none of that name.</summary>
    /// <exception cref="StoreUnavailableException">It is not forgotten.</exception>
    Task UnfollowAsync(string name, CancellationToken cancellationToken);

    /// <summary>The followers, by name.</summary>
    Task<IReadOnlyList<Follower>> ListFollowersAsync(CancellationToken cancellationToken);

    /// <summary>Merges batches that every follower has passed, one short transaction; never the newest batch.</summary>
    /// <param name="after">Where the previous step ended, or 0.</param>
    /// <param name="cancellationToken">Cancels the step.</param>
    /// <returns>Where the next step starts; null when all batches were looked at.</returns>
    /// <exception cref="StoreUnavailableException">Nothing is merged.</exception>
    Task<long?> MergeStepAsync(long after, CancellationToken cancellationToken);
}

/// <summary>A subscriber of batches: a side path, or a second store.</summary>
public sealed class Follower
{
    /// <summary>A follower that was silent for longer starts over.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromDays(30);

    /// <summary>Characters of a name.</summary>
    public const int MaxNameLength = 100;

    /// <summary>readings or events.</summary>
    public string Feed { get; set; } = "";

    /// <summary>Followers last seen before this time are forgotten, Unix microseconds.</summary>
    internal static long ForgottenBefore(long now) => now - Limit.WholeMicroseconds();

    public string Name { get; set; } = "";

    /// <summary>The last batch that it has applied.</summary>
    public long Cursor { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long LastSeenAt { get; set; }
}
