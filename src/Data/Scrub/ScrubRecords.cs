using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Scrub;

/// <summary>What the database keeps of the scrub in the background.</summary>
/// <param name="Running">The pass that is not done; null between passes.</param>
/// <param name="Last">The last pass that was done; null before the first.</param>
/// <param name="Owner">Identifies the process that scrubs.</param>
/// <param name="SavedAt">When it saved this, Unix microseconds.</param>
public sealed record ScrubRecord(ScrubState? Running, ScrubState? Last, string Owner, long SavedAt)
{
    public static ScrubRecord None { get; } = new(null, null, "", 0);
}

/// <summary>Keeps the position of the scrub and its last result in the database: it survives restarts, and all processes of one database see it.</summary>
public sealed class ScrubRecords(IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock)
{
    private string? _text;

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<ScrubRecord> ReadAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        _text = await context.Set<StoreInfo>().Select(i => i.Scrub).SingleAsync(cancellationToken);
        try
        {
            return _text is null ? ScrubRecord.None : JsonSerializer.Deserialize<ScrubRecord>(_text) ?? ScrubRecord.None;
        }
        catch (JsonException)
        {
            return ScrubRecord.None; // Of another version, or rotten itself: a pass begins anew.
        }
    }

    /// <summary>Replaces what was read or written last.</summary>
    /// <returns>False when another process has written meanwhile.</returns>
    /// <exception cref="StoreUnavailableException">Nothing is changed.</exception>
    public async Task<bool> TryWriteAsync(ScrubRecord record, CancellationToken cancellationToken)
    {
        var (before, text) = (_text, JsonSerializer.Serialize(record));
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (await context.Set<StoreInfo>().Where(i => i.Scrub == before).ExecuteUpdateAsync(i => i.SetProperty(s => s.Scrub, text), cancellationToken) == 0) return false;
        _text = text;
        return true;
    }
}
