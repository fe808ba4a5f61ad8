using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Backup;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Sqlite.Repair;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Migrations;
using SensorDash.Web.Backups;
using SensorDash.Web.Commands.Transfer;

namespace SensorDash.Web.Damage;

/// <summary>What brings the rows back.</summary>
internal enum RepairKind
{
    /// <summary>The latest good backup of the damaged database.</summary>
    Restore,

    /// <summary>What can be read of the damaged database.</summary>
    Salvage,
}

/// <summary>A repaired database that is complete but for what arrived since it was built.</summary>
/// <param name="Damage">The damage that it repairs.</param>
/// <param name="Database">Path of the database whose place it takes.</param>
/// <param name="Cursor">What it has of that database.</param>
/// <param name="Result">What was repaired.</param>
internal sealed record RepairedDatabase(StoreDamage Damage, string Database, RepairCursor Cursor, RepairResult Result);

/// <summary>Builds a repaired database beside the running one, and gives it its place.</summary>
/// <remarks>Nothing of the running database changes before the swap, so an interrupted repair is begun anew and ends the same.</remarks>
internal sealed class DatabaseRepair(Data.Backup.Backups backups, IConfiguration configuration, TimeProvider clock)
{
    // Beyond what the copies take: SensorDash goes on writing.
    private const long SpareBytes = 16 << 20;

    private const string FollowerName = "repair";

    /// <summary>The backup that a restore would take; null if there is none, or the folder cannot be read.</summary>
    public BackupEntry? FindBackup(StoreDamage damage)
    {
        try
        {
            return backups.FindFor(damage);
        }
        catch (BackupException)
        {
            return null;
        }
    }

    /// <summary>Builds it.</summary>
    /// <param name="kind">Where its rows come from.</param>
    /// <param name="damage">The damage.</param>
    /// <param name="live">The database that took its place; it may be written to.</param>
    /// <param name="progress">Receives what is done now.</param>
    /// <param name="cancellationToken">Cancels it; nothing is changed.</param>
    /// <exception cref="BackupException">It cannot be built; the message says why.</exception>
    /// <exception cref="TransferException">As before.</exception>
    /// <exception cref="StoreUnavailableException">The database is temporarily unavailable.</exception>
    public async Task<RepairedDatabase> BuildAsync(RepairKind kind, StoreDamage damage, StoreSource live, Action<string> progress, CancellationToken cancellationToken)
    {
        var database = live.Name;
        var next = RepairedFile.PathOf(database);
        Clear(database);
        if (!File.Exists(damage.Aside)) throw new BackupException($"{damage.Aside} is gone.");
        try
        {
            var backup = kind == RepairKind.Restore ? FindBackup(damage) ?? throw new BackupException($"There is no good backup from before the damage in {backups.Folder.Path}.") : null;
            ThrowIfFull(database, backup?.Manifest!.Bytes ?? 2 * new FileInfo(damage.Aside).Length);
            if (backup is not null)
            {
                progress($"copying and verifying {backup.Name}");
                await backups.CopyDatabaseAsync(backup, next, cancellationToken);
            }
            SalvageResult? salvage = null;
            RepairCursor cursor;
            if (live.Parts.Log is { } log) await log.FollowAsync(FollowerName, 0, cancellationToken); // Batches after the cursor stay as they are.
            await using (var target = await OpenAsync(next, cancellationToken))
            {
                var repaired = Of(target);
                if (backup is null) salvage = await SalvageAsync(repaired, database, damage, progress, cancellationToken);
                progress("adding what has arrived since");
                cursor = await repaired.FollowAsync(live.Parts, default, cancellationToken);
            }
            progress("reading the repaired database from its first to its last row");
            if ((await SqliteBackup.ReadAsync(next, cancellationToken)).Doubt is { } doubt) throw new BackupException($"The repaired database is not what it must be: {doubt}.");
            var text = backup is not null
                ? string.Create(CultureInfo.InvariantCulture, $"{backup.Name} with {BackupText.Readings(backup.Manifest!):N0} readings and {BackupText.Events(backup.Manifest!):N0} events is restored, and what has arrived since is added.")
                : string.Create(CultureInfo.InvariantCulture, $"{salvage!.Readings:N0} readings and {salvage.Events:N0} events are salvaged, and what has arrived since is added.");
            return new(damage, database, cursor, new(kind == RepairKind.Restore ? "restore" : "salvage", clock.GetUtcNow().ToUnixTimeSeconds(), text, salvage?.Losses ?? []));
        }
        catch (Exception e)
        {
            Clear(database);
            if (e is IOException or UnauthorizedAccessException) throw new BackupException($"The database cannot be repaired: {e.Message}", e);
            throw;
        }
        finally
        {
            if (live.Parts.Log is { } log) await log.UnfollowAsync(FollowerName, CancellationToken.None);
        }
    }

    /// <summary>Adds what arrived meanwhile, and swaps the names of the files. No server uses the database.</summary>
    /// <exception cref="BackupException">It must not go on; nothing is changed.</exception>
    /// <exception cref="TransferException">As before.</exception>
    /// <exception cref="StoreUnavailableException">The disk is full or fails; nothing is changed.</exception>
    public async Task SwapAsync(RepairedDatabase repaired, CancellationToken cancellationToken)
    {
        var (database, next) = (repaired.Database, RepairedFile.PathOf(repaired.Database));
        using var held = Acquire(database);
        if (StoreDamage.Read(database) is not { } damage || damage.Aside != repaired.Damage.Aside) throw new BackupException("The damage is dealt with already.");
        await using (var live = (StoreSource)SqliteTransfer.OpenSource(database, SchemaServices.SqliteContexts, isQuiet: false, clock))
        await using (var target = await OpenAsync(next, cancellationToken))
        {
            var file = Of(target);
            await file.FollowAsync(live.Parts, repaired.Cursor, cancellationToken);
            await file.CompleteAsync(await live.ReadSmallTablesAsync(cancellationToken), database, damage.Lost, cancellationToken);
        }
        cancellationToken.ThrowIfCancellationRequested();
        RepairedFile.Close(next);
        DurableFile.Sync(next);
        damage = damage with { Swap = new(next, FileAside.Free(database, clock), repaired.Result) };
        damage.Write(database); // From here on it is complete, whatever happens.
        SqliteDamage.CompleteSwap(database, damage, damage.Swap);
        Clear(database);
    }

    private async Task<SalvageResult> SalvageAsync(RepairedFile repaired, string database, StoreDamage damage, Action<string> progress, CancellationToken cancellationToken)
    {
        var path = SalvagedRows.PathOf(database);
        await using var rows = await OpenAsync(path, cancellationToken);
        const long Day = 86_400_000_000;
        return await new SalvagedRows(rows.Services!.GetRequiredService<SqliteDatabase>(), rows.Store, (damage.At * 1_000_000) + Day)
            .AddToAsync(repaired, damage.Aside, (step, count) => progress(string.Create(CultureInfo.InvariantCulture, $"{step}: {count:N0} rows")), cancellationToken);
    }

    private Task<OpenTarget> OpenAsync(string path, CancellationToken cancellationToken) => new TransferStores(configuration, clock).OpenTargetAsync(new(StoreKind.Sqlite, path), cancellationToken);

    private RepairedFile Of(OpenTarget target) => new(target.Services!.GetRequiredService<SqliteDatabase>(), target.Services!.GetRequiredService<IDbContextFactory<SensorDashContext>>(), clock);

    private SqliteFileLock Acquire(string database)
    {
        try
        {
            return SqliteFileLock.Acquire(database, clock);
        }
        catch (InvalidOperationException e)
        {
            throw new BackupException(e.Message, e);
        }
    }

    private static void ThrowIfFull(string database, long bytes)
    {
        var (free, needed) = (new DriveInfo(Path.GetDirectoryName(database)!).AvailableFreeSpace, bytes + (2 * new FileInfo(database).Length) + SpareBytes);
        if (free < needed) throw new BackupException(string.Create(CultureInfo.InvariantCulture, $"The disk of {database} has {free >> 20} MiB free; the repair takes up to {needed >> 20} MiB. Make room, and begin again."));
    }

    /// <summary>Deletes what an interrupted repair left, with its locks, logs, and copies before an upgrade.</summary>
    public static void Clear(string database)
    {
        foreach (var path in (string[])[RepairedFile.PathOf(database), SalvagedRows.PathOf(database)])
        {
            RepairedFile.Close(path);
            foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(database)!, Path.GetFileName(path) + "*")) File.Delete(file);
        }
    }
}
