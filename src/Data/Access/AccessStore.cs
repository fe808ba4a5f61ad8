using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Access;

/// <summary>Users, their sessions, and API keys in the store.</summary>
/// <remarks>Each change counts up <see cref="StoreInfo.AccessVersion"/> in its transaction: other processes look for that.</remarks>
public sealed class AccessStore(IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock, TimeProvider clock)
{
    /// <summary>Users, and keys, that may exist: each process keeps all of them in memory.</summary>
    public const int MaxUsers = 1_000, MaxKeys = 1_000;

    // Of one user; the oldest ends when another begins.
    private const int MaxSessions = 20;

    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<long> ReadVersionAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<StoreInfo>().Select(i => i.AccessVersion).SingleAsync(cancellationToken);
    }

    /// <summary>Everything. A change meanwhile is read by the next look at the version, which is read first.</summary>
    public async Task<AccessState> ReadAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var version = await context.Set<StoreInfo>().Select(i => i.AccessVersion).SingleAsync(cancellationToken);
        var users = await context.Set<User>().AsNoTracking().ToListAsync(cancellationToken);
        var sessions = await context.Set<Session>().AsNoTracking().ToListAsync(cancellationToken);
        return new(version, users, sessions, await context.Set<ApiKey>().AsNoTracking().ToListAsync(cancellationToken));
    }

    /// <summary>All users, by name.</summary>
    public async Task<IReadOnlyList<User>> ListUsersAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<User>().AsNoTracking().OrderBy(u => u.Name).ToListAsync(cancellationToken);
    }

    /// <summary>One user; null if nobody has that name.</summary>
    public async Task<User?> FindUserAsync(string name, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<User>().AsNoTracking().SingleOrDefaultAsync(u => u.Name == name, cancellationToken);
    }

    /// <summary>Adds a user.</summary>
    /// <param name="isFirst">Only if nobody is an administrator: two who have the one-time secret must not both succeed.</param>
    public Task<AccessChange> AddUserAsync(User user, bool isFirst, CancellationToken cancellationToken) => ChangeAsync(
        async context =>
        {
            if (isFirst && await context.Set<User>().AnyAsync(u => u.Role == UserRole.Admin, cancellationToken)) return AccessChange.AlreadyExists;
            if (await context.Set<User>().AnyAsync(u => u.Name == user.Name, cancellationToken)) return AccessChange.AlreadyExists;
            if (await context.Set<User>().CountAsync(cancellationToken) >= MaxUsers) return AccessChange.TooMany;
            user.CreatedAt = clock.NowMicroseconds();
            context.Add(user);
            return AccessChange.Done;
        },
        cancellationToken);

    /// <summary>Changes a role, and ends the sessions of that user.</summary>
    public Task<AccessChange> SetRoleAsync(string name, UserRole role, CancellationToken cancellationToken) => ChangeUserAsync(
        name,
        async (context, user) =>
        {
            if (role != UserRole.Admin && await IsLastAdminAsync(context, user, cancellationToken)) return AccessChange.LastAdmin;
            user.Role = role;
            await EndSessionsAsync(context, user, null, cancellationToken);
            return AccessChange.Done;
        },
        cancellationToken);

    /// <summary>Changes a password, ends a pause, and ends the sessions of that user.</summary>
    /// <param name="exceptSession">The session in which the user does it; null: none stays.</param>
    public Task<AccessChange> SetPasswordAsync(string name, string passwordHash, string? exceptSession, CancellationToken cancellationToken) => ChangeUserAsync(
        name,
        async (context, user) =>
        {
            (user.PasswordHash, user.FailedSignIns, user.LockedUntil) = (passwordHash, 0, null);
            await EndSessionsAsync(context, user, exceptSession, cancellationToken);
            return AccessChange.Done;
        },
        cancellationToken);

    /// <summary>Removes a user with all sessions. The last administrator cannot be removed.</summary>
    public Task<AccessChange> RemoveUserAsync(string name, CancellationToken cancellationToken) => ChangeUserAsync(
        name,
        async (context, user) =>
        {
            if (await IsLastAdminAsync(context, user, cancellationToken)) return AccessChange.LastAdmin;
            context.Remove(user);
            return AccessChange.Done;
        },
        cancellationToken);

    /// <summary>Notes a wrong password.</summary>
    /// <param name="failures">Wrong passwords in a row, this one included; 0 after the pause began.</param>
    public async Task NoteFailureAsync(int userId, int failures, long? lockedUntil, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Set<User>().Where(u => u.Id == userId)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.FailedSignIns, failures).SetProperty(u => u.LockedUntil, lockedUntil), cancellationToken);
    }

    /// <summary>Begins a session, unless the user is gone or has another password since it was checked.</summary>
    /// <param name="newHash">The same password by today's rules; null: the stored one stays.</param>
    public Task<AccessChange> StartSessionAsync(User user, Session session, string? newHash, CancellationToken cancellationToken) => ChangeAsync(
        async context =>
        {
            var stored = await context.Set<User>().SingleOrDefaultAsync(u => u.Id == user.Id, cancellationToken);
            if (stored is null || stored.PasswordHash != user.PasswordHash) return AccessChange.NotFound;
            var now = clock.NowMicroseconds();
            (stored.LastSignInAt, stored.FailedSignIns, stored.LockedUntil, stored.PasswordHash) = (now, 0, null, newHash ?? stored.PasswordHash);
            await context.Set<Session>().Where(s => s.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
            var old = await context.Set<Session>().Where(s => s.UserId == user.Id).OrderByDescending(s => s.CreatedAt).Skip(MaxSessions - 1).ToListAsync(cancellationToken);
            context.RemoveRange(old);
            context.Add(session);
            return AccessChange.Done;
        },
        cancellationToken);

    /// <summary>Ends a session, if it has not ended.</summary>
    public Task EndSessionAsync(string id, CancellationToken cancellationToken) => ChangeAsync(
        async context => await context.Set<Session>().Where(s => s.Id == id).ExecuteDeleteAsync(cancellationToken) > 0 ? AccessChange.Done : AccessChange.NotFound, cancellationToken);

    /// <summary>All keys, the newest first.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListKeysAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<ApiKey>().AsNoTracking().OrderByDescending(k => k.Id).ToListAsync(cancellationToken);
    }

    /// <summary>Adds a key.</summary>
    /// <returns><see cref="AccessChange.AlreadyExists"/> if a valid key has that name, or any key that prefix.</returns>
    public Task<AccessChange> AddKeyAsync(ApiKey key, CancellationToken cancellationToken) => ChangeAsync(
        async context =>
        {
            if (await context.Set<ApiKey>().AnyAsync(k => k.Prefix == key.Prefix || (k.Name == key.Name && k.RevokedAt == null), cancellationToken)) return AccessChange.AlreadyExists;
            if (await context.Set<ApiKey>().CountAsync(cancellationToken) >= MaxKeys)
            {
                // Revoked ones are listed as long as there is room.
                if (await context.Set<ApiKey>().Where(k => k.RevokedAt != null).OrderBy(k => k.RevokedAt).FirstOrDefaultAsync(cancellationToken) is not { } revoked) return AccessChange.TooMany;
                context.Remove(revoked);
            }
            key.CreatedAt = clock.NowMicroseconds();
            context.Add(key);
            return AccessChange.Done;
        },
        cancellationToken);

    /// <summary>Revokes a key.</summary>
    /// <returns>The key; null if it does not exist or is revoked already.</returns>
    public async Task<ApiKey?> RevokeKeyAsync(int id, CancellationToken cancellationToken)
    {
        ApiKey? revoked = null;
        await ChangeAsync(
            async context =>
            {
                if (await context.Set<ApiKey>().SingleOrDefaultAsync(k => k.Id == id && k.RevokedAt == null, cancellationToken) is not { } key) return AccessChange.NotFound;
                key.RevokedAt = clock.NowMicroseconds();
                revoked = key;
                return AccessChange.Done;
            },
            cancellationToken);
        return revoked;
    }

    /// <summary>Notes when keys were used. It is no change: nobody's rights depend on it.</summary>
    /// <param name="uses">Times by key, Unix microseconds.</param>
    public async Task NoteKeyUsesAsync(IReadOnlyDictionary<int, long> uses, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var (id, at) in uses)
            await context.Set<ApiKey>().Where(k => k.Id == id).ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, at), cancellationToken);
    }

    private Task<AccessChange> ChangeUserAsync(string name, Func<SensorDashContext, User, Task<AccessChange>> change, CancellationToken cancellationToken) => ChangeAsync(
        async context => await context.Set<User>().SingleOrDefaultAsync(u => u.Name == name, cancellationToken) is { } user ? await change(context, user) : AccessChange.NotFound,
        cancellationToken);

    private async Task<AccessChange> ChangeAsync(Func<SensorDashContext, Task<AccessChange>> change, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // First, because on PostgreSQL the changes of other processes wait here: of two administrators, each could remove the other.
        await context.Set<StoreInfo>().ExecuteUpdateAsync(set => set.SetProperty(i => i.AccessVersion, i => i.AccessVersion + 1), cancellationToken);
        var result = await change(context);
        if (result != AccessChange.Done) return result;
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    private static async Task<bool> IsLastAdminAsync(SensorDashContext context, User user, CancellationToken cancellationToken)
        => user.Role == UserRole.Admin && !await context.Set<User>().AnyAsync(u => u.Role == UserRole.Admin && u.Id != user.Id, cancellationToken);

    private static Task<int> EndSessionsAsync(SensorDashContext context, User user, string? except, CancellationToken cancellationToken)
        => context.Set<Session>().Where(s => s.UserId == user.Id && s.Id != except).ExecuteDeleteAsync(cancellationToken);
}

/// <summary>What became of a change. Unless it is done, nothing is changed.</summary>
public enum AccessChange
{
    Done,
    NotFound,
    AlreadyExists,

    /// <summary>Nobody could manage users any more.</summary>
    LastAdmin,

    /// <summary>There are as many as may exist.</summary>
    TooMany,
}
