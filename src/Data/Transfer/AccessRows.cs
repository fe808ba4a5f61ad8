using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Users with their sessions, API keys and the keys that sign forms; and the audit log, which is read in pages.</summary>
public sealed record AccessRows(IReadOnlyList<User> Users, IReadOnlyList<Session> Sessions, IReadOnlyList<ApiKey> Keys, IReadOnlyList<ProtectionKey> ProtectionKeys)
{
    private const int AuditPage = 1_000;

    /// <summary>Ids of the first and the last entry of the audit log; 0 without any.</summary>
    public (long First, long Last) Audit { get; private init; }

    /// <summary>Reads the next entries of the audit log after an id, ascending; none at the end.</summary>
    public required Func<long, CancellationToken, Task<IReadOnlyList<AuditEntry>>> ReadAuditAsync { get; init; }

    /// <summary>Whether somebody, or a program, has rights of their own here.</summary>
    public bool HasRights => Users.Count + Keys.Count > 0;

    /// <summary>Reads the tables of a database.</summary>
    public static async Task<AccessRows> ReadAsync(IDbContextFactory<SensorDashContext> contexts, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var sessions = await context.Set<Session>().AsNoTracking().ToListAsync(cancellationToken);
        var users = await context.Set<User>().AsNoTracking().ToListAsync(cancellationToken);
        var known = users.Select(u => u.Id).ToHashSet();
        var audit = context.Set<AuditEntry>();
        return new(
            users,
            [.. sessions.Where(s => known.Contains(s.UserId))], // A user may have been added or removed in between.
            await context.Set<ApiKey>().AsNoTracking().ToListAsync(cancellationToken),
            await context.Set<ProtectionKey>().AsNoTracking().ToListAsync(cancellationToken))
        {
            Audit = (await audit.MinAsync(e => (long?)e.Id, cancellationToken) ?? 0, await audit.MaxAsync(e => (long?)e.Id, cancellationToken) ?? 0),
            ReadAuditAsync = async (after, token) =>
            {
                await using var reading = await contexts.CreateDbContextAsync(token);
                return await reading.Set<AuditEntry>().AsNoTracking().Where(e => e.Id > after).OrderBy(e => e.Id).Take(AuditPage).ToListAsync(token);
            },
        };
    }

    /// <summary>Whether rows of another store are here: they were copied.</summary>
    public bool IsCopyOf(AccessRows other)
        => Users.Select(u => (u.Id, u.Name, u.CreatedAt)).Intersect(other.Users.Select(u => (u.Id, u.Name, u.CreatedAt))).Any()
            || Keys.Select(k => (k.Id, k.Prefix)).Intersect(other.Keys.Select(k => (k.Id, k.Prefix))).Any()
            || ProtectionKeys.Select(k => k.Name).Intersect(other.ProtectionKeys.Select(k => k.Name)).Any();

    /// <summary>An entry of the audit log; null if there is none with this id.</summary>
    internal async Task<AuditEntry?> FindAuditAsync(long id, CancellationToken cancellationToken)
        => (await ReadAuditAsync(id - 1, cancellationToken)) is [var entry, ..] && entry.Id == id ? entry : null;
}
