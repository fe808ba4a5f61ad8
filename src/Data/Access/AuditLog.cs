using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Access;

/// <summary>The audit log: entries are added and read. Beyond <see cref="AuditOptions.MaxEntries"/> the oldest ones are removed; nothing changes one.</summary>
public sealed partial class AuditLog(
    IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock, IOptions<AuditOptions> options, TimeProvider clock, ILogger<AuditLog> logger)
{
    /// <summary>The actor of what the program does by itself.</summary>
    public const string Program = "SensorDash";

    /// <summary>The actor of the commands of the program.</summary>
    public const string CommandLine = "command line";

    /// <summary>Entries of all processes between two removals, each of which costs some milliseconds.</summary>
    internal const int PruneEvery = 100;

    // Removed in one transaction.
    private const int PruneStep = 10_000;

    // The act is done: its response does not wait for ever for a store that has failed since.
    private static readonly TimeSpan _writeLimit = TimeSpan.FromSeconds(30);

    private long _missing;
    private volatile bool _wasPruned;

    /// <summary>Number of entries that could not be written since the start. The log of the program has them.</summary>
    public long Missing => Interlocked.Read(ref _missing);

    /// <summary>Adds an entry about an act that is done. Never throws: an entry that cannot be written is logged and counted in <see cref="Missing"/>.</summary>
    /// <remarks>Without a cancellation token: the client that went away has still done it.</remarks>
    /// <param name="actor">See <see cref="AuditEntry.Actor"/>.</param>
    /// <param name="address">Address of the client; null if there is none.</param>
    /// <param name="action">One of <see cref="AuditAction"/>.</param>
    /// <param name="target">What it was done to, of any length; null if there is nothing.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="detail">For people, of any length; never a secret.</param>
    public async Task RecordAsync(string actor, string? address, string action, string? target, AuditOutcome outcome, string? detail)
    {
        var entry = new AuditEntry
        {
            At = clock.NowMicroseconds(),
            Actor = Cut(actor, AuditEntry.NameLength)!,
            Address = Cut(address, AuditEntry.AddressLength),
            Action = Cut(action, AuditEntry.ActionLength)!,
            Target = Cut(target, AuditEntry.TextLength),
            Outcome = outcome,
            Detail = Cut(detail, AuditEntry.TextLength),
        };
        using var limit = new CancellationTokenSource(_writeLimit, clock);
        try
        {
            await AddAsync(entry, limit.Token);
        }
        catch (Exception e) // Any error: the act is done, and its response must say so.
        {
            Interlocked.Increment(ref _missing);
            Log.NotWritten(logger, entry.Actor, entry.Address, entry.Action, entry.Target, entry.Outcome, entry.Detail, e);
            return;
        }
        try
        {
            if (!_wasPruned || entry.Id % PruneEvery == 0) await PruneAsync(limit.Token);
            _wasPruned = true; // Once after the start, because the limit may be a lower one.
        }
        catch (Exception e) // Any error: the next removal tries again.
        {
            Log.NotPruned(logger, e);
        }
    }

    /// <summary>Reads one page.</summary>
    public async Task<AuditPage> ReadAsync(AuditQuery query, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var entries = context.Set<AuditEntry>().AsNoTracking();
        if (query.Before is { } before) entries = entries.Where(e => e.Id < before);
        if (query.From is { } from) entries = entries.Where(e => e.At >= from);
        if (query.To is { } to) entries = entries.Where(e => e.At < to);
        if (query.Actor is { } actor) entries = entries.Where(e => e.Actor == actor);
        if (query.Action is { } action) entries = entries.Where(e => e.Action == action || e.Action.StartsWith(action + "."));
        if (query.Outcome is { } outcome) entries = entries.Where(e => e.Outcome == outcome);
        if (query.Target is { } text)
        {
            // Both: lower() of the engines knows ASCII only.
            var lower = text.ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862 // SQL, in which a culture and a comparison are unknown.
            entries = entries.Where(e => e.Target!.Contains(text) || e.Target.ToLower().Contains(lower));
#pragma warning restore CA1304, CA1311, CA1862
        }
        var page = await entries.OrderByDescending(e => e.Id).Take(query.Limit + 1).ToListAsync(cancellationToken);
        return page.Count <= query.Limit ? new(page, null) : new(page[..query.Limit], page[query.Limit - 1].Id);
    }

    /// <summary>The newest entry of an action; null without any.</summary>
    public async Task<AuditEntry?> FindLastAsync(string action, CancellationToken cancellationToken)
        => (await ReadAsync(new(1) { Action = action }, cancellationToken)).Entries.SingleOrDefault();

    private async Task AddAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.Add(entry);
        await context.SaveChangesAsync(cancellationToken);
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var kept = await context.Set<AuditEntry>().OrderByDescending(e => e.Id).Skip(options.Value.MaxEntries - 1).Select(e => (long?)e.Id).FirstOrDefaultAsync(cancellationToken);
        if (kept is not { } oldest) return;
        while (true)
        {
            using var held = await writerLock.AcquireAsync(cancellationToken);
            var old = context.Set<AuditEntry>().Where(e => e.Id < oldest);
            var last = await old.OrderBy(e => e.Id).Take(PruneStep).MaxAsync(e => (long?)e.Id, cancellationToken);
            if (last is null) return;
            await context.Set<AuditEntry>().Where(e => e.Id <= last).ExecuteDeleteAsync(cancellationToken);
        }
    }

    // What no engine stores, or what misleads its reader, becomes a space; the end of a long text is cut off.
    private static string? Cut(string? text, int maxLength)
    {
        if (text is null) return null;
        var shown = string.Create(Math.Min(text.Length, maxLength), text, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = OutsideText.IsMisleading(from[i]) || IsHalf(from, i, span.Length) ? ' ' : from[i];
        });
        return text.Length <= maxLength ? shown : string.Concat(shown.AsSpan(0, maxLength - 1), "…");
    }

    // Half of a surrogate pair, also one whose other half is cut off.
    private static bool IsHalf(string text, int at, int end)
        => (char.IsHighSurrogate(text[at]) && (at + 1 >= end - (end < text.Length ? 1 : 0) || !char.IsLowSurrogate(text[at + 1])))
            || (char.IsLowSurrogate(text[at]) && (at == 0 || !char.IsHighSurrogate(text[at - 1])));

    private static partial class Log
    {
        [LoggerMessage(90, LogLevel.Error, "The audit log lacks an entry, because it cannot be written: {Actor} ({Address}), {Action} {Target}: {Outcome}. {Detail}")]
        public static partial void NotWritten(ILogger logger, string actor, string? address, string action, string? target, AuditOutcome outcome, string? detail, Exception error);

        [LoggerMessage(91, LogLevel.Warning, "Old entries of the audit log cannot be removed; trying again later.")]
        public static partial void NotPruned(ILogger logger, Exception error);
    }
}
