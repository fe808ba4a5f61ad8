using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Copies and compares audit logs. Entries keep their ids, so the copy goes on after the last one.</summary>
internal static class AuditCopy
{
    /// <summary>Adds the entries that the target lacks, each page in a transaction of its own.</summary>
    /// <param name="contexts">Makes a context of the target.</param>
    /// <param name="source">The log that is copied.</param>
    /// <param name="isMirror">Whether the target has no entries of its own; a log that has some is left alone otherwise.</param>
    /// <param name="cancellationToken">Cancels it between two pages.</param>
    public static async Task WriteAsync(IDbContextFactory<SensorDashContext> contexts, AccessRows source, bool isMirror, CancellationToken cancellationToken)
    {
        var target = await AccessRows.ReadAsync(contexts, cancellationToken);
        var last = target.Audit.Last;
        if (last > 0 && !AreSame(await source.FindAuditAsync(last, cancellationToken), await target.FindAuditAsync(last, cancellationToken)))
        {
            if (!isMirror) return;
            await DeleteBeforeAsync(contexts, last + 1, cancellationToken);
            last = 0;
        }
        if (isMirror && target.Audit.First < source.Audit.First) await DeleteBeforeAsync(contexts, source.Audit.First, cancellationToken);
        while (await source.ReadAuditAsync(last, cancellationToken) is { Count: > 0 } page)
        {
            await using var context = await contexts.CreateDbContextAsync(cancellationToken);
            context.AddRange(page);
            await context.SaveChangesAsync(cancellationToken);
            last = page[^1].Id;
        }
    }

    /// <summary>The entries of the source that the target lacks, or has otherwise; null if the target has a log of its own.</summary>
    /// <param name="source">The log that was copied. Entries that it got since it was read are not compared.</param>
    /// <param name="target">Its copy.</param>
    /// <param name="isMirror">Whether the target has no log of its own.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public static async Task<(IReadOnlyList<Difference> Differences, long Rows)?> CompareAsync(AccessRows source, AccessRows target, bool isMirror, CancellationToken cancellationToken)
    {
        var (differences, rows) = (new List<Difference>(), 0L);
        var common = Math.Min(source.Audit.Last, target.Audit.Last);
        if (!isMirror && !AreSame(await source.FindAuditAsync(common, cancellationToken), await target.FindAuditAsync(common, cancellationToken))) return null;
        for (var after = 0L; await source.ReadAuditAsync(after, cancellationToken) is { Count: > 0 } page; after = page[^1].Id)
        {
            var there = (await target.ReadAuditAsync(page[0].Id - 1, cancellationToken)).ToDictionary(e => e.Id);
            foreach (var entry in page.TakeWhile(e => e.Id <= source.Audit.Last))
            {
                rows++;
                if (!there.TryGetValue(entry.Id, out var other)) differences.Add(new(DifferenceKind.Missing, "audit_entries", $"{entry.Id}", null));
                else if (!AreSame(entry, other)) differences.Add(new(DifferenceKind.Different, "audit_entries", $"{entry.Id}", "it differs"));
            }
        }
        return (differences, rows);
    }

    private static async Task DeleteBeforeAsync(IDbContextFactory<SensorDashContext> contexts, long id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Set<AuditEntry>().Where(e => e.Id < id).ExecuteDeleteAsync(cancellationToken);
    }

    private static bool AreSame(AuditEntry? one, AuditEntry? other) => one is not null && other is not null
        && (one.At, one.Actor, one.Address, one.Action, one.Target, one.Outcome, one.Detail) == (other.At, other.Actor, other.Address, other.Action, other.Target, other.Outcome, other.Detail);
}
