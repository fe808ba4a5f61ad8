namespace SensorDash.Data.Access;

/// <summary>Users, sessions and keys at one moment. Never changed.</summary>
public sealed class AccessState
{
    private readonly Dictionary<int, User> _users;
    private readonly Dictionary<string, Session> _sessions;
    private readonly Dictionary<string, ApiKey> _keys;

    public AccessState(long version, IEnumerable<User> users, IEnumerable<Session> sessions, IEnumerable<ApiKey> keys)
    {
        Version = version;
        _users = users.ToDictionary(u => u.Id);
        _sessions = sessions.ToDictionary(s => s.Id, StringComparer.Ordinal);
        _keys = keys.ToDictionary(k => k.Prefix, StringComparer.Ordinal);
        HasAdmin = _users.Values.Any(u => u.Role == UserRole.Admin);
    }

    /// <summary>The number of changes before it.</summary>
    public long Version { get; }

    /// <summary>Whether an administrator exists: from then on everybody signs in.</summary>
    public bool HasAdmin { get; }

    /// <summary>The user of a session that has not ended; null if there is none.</summary>
    /// <param name="now">Unix microseconds.</param>
    public User? FindUser(string sessionId, long now)
        => _sessions.TryGetValue(sessionId, out var session) && session.ExpiresAt > now ? _users.GetValueOrDefault(session.UserId) : null;

    /// <summary>The key with these first characters, also a revoked or expired one; null if there is none.</summary>
    public ApiKey? FindKey(string prefix) => _keys.GetValueOrDefault(prefix);
}
