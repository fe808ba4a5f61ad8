using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Backup;

/// <summary>Makes, verifies and restores backups of the stores of the settings.</summary>
/// <param name="stores">The database, and the store of readings if that is another one.</param>
/// <param name="options">The folder, and how many stay.</param>
/// <param name="clock">For names and times.</param>
/// <param name="startup">Knows of a damaged database, whose latest good backup stays until the owner has decided; null: there is none.</param>
public sealed class Backups(IEnumerable<IBackupStore> stores, IOptions<BackupOptions> options, TimeProvider clock, IStoreStartup? startup = null)
{
    // Beyond what a copy takes: SensorDash goes on writing.
    private const long SpareBytes = 16 << 20;

    private const int BlockBytes = 1 << 20;

    public BackupFolder Folder { get; } = new(options.Value.Folder);

    /// <summary>Makes a backup and deletes those that are too old.</summary>
    /// <param name="progress">Receives the share that is copied, 0 to 1.</param>
    /// <param name="cancellationToken">Cancels it; the next backup removes what is there.</param>
    /// <exception cref="BackupException">It cannot be made; the message says why.</exception>
    /// <exception cref="StoreUnavailableException">A store is temporarily unavailable.</exception>
    public async Task<CreatedBackup> CreateAsync(Action<double> progress, CancellationToken cancellationToken)
    {
        using var held = await Folder.AcquireAsync(cancellationToken);
        // Readings first: a name of a node without readings harms nobody, the reverse loses a name.
        IBackupStore[] all = [.. stores.Reverse()];
        var needed = SpareBytes;
        foreach (var store in all) needed += await store.EstimateAsync(cancellationToken);
        if (Folder.FreeBytes() is var free && free < needed)
        {
            throw new BackupException(string.Create(CultureInfo.InvariantCulture,
                $"The disk of {Folder.Path} has {free >> 20} MiB free; a backup takes about {needed >> 20} MiB. Make room, lower Backup:Keep, or set Backup:Folder to another disk."));
        }
        var now = clock.NowMicroseconds();
        var (name, folder) = Folder.Begin(clock.GetUtcNow());
        try
        {
            var files = new List<BackupFile>();
            foreach (var store in all)
            {
                var (path, done) = (Path.Combine(folder, store.FileName), files.Count);
                var contents = await store.CopyAsync(path, share => progress((done + share) / all.Length), cancellationToken);
                files.Insert(0, await DescribeAsync(store, path, contents, cancellationToken));
            }
            var manifest = new BackupManifest { Format = BackupManifest.CurrentFormat, Program = BackupManifest.ProgramVersion, CreatedAt = now, Files = files };
            var backup = Folder.Complete(name, folder, manifest);
            return new(backup, Folder.Rotate(options.Value.Keep, startup?.Damage is { } damage ? FindFor(damage)?.Name : null));
        }
        // A full disk of the backup looks like one of the store.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreUnavailableException)
        {
            Discard(folder);
            throw new BackupException($"The backup cannot be written to {Folder.Path}: {e.Message}", e);
        }
        catch
        {
            Discard(folder);
            throw;
        }
    }

    /// <summary>Reads a backup from its first to its last byte, and compares it with its manifest.</summary>
    /// <returns>The backup with the result.</returns>
    public async Task<BackupEntry> VerifyAsync(BackupEntry backup, CancellationToken cancellationToken)
    {
        string? error = null;
        try
        {
            await VerifyFilesAsync(backup, isDeep: true, cancellationToken);
        }
        catch (BackupException e)
        {
            error = e.Message;
        }
        return BackupFolder.Note(backup, error, clock.NowMicroseconds());
    }

    /// <summary>Replaces the stores by those of a backup. No server may use them.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="replaces">Whether stores that are there may be set aside.</param>
    /// <param name="cancellationToken">Cancels it before anything is replaced.</param>
    /// <returns>Where the former stores are now.</returns>
    /// <exception cref="BackupException">It must not be restored; nothing is changed.</exception>
    /// <exception cref="StoreUnavailableException">A store is temporarily unavailable; nothing is changed.</exception>
    public async Task<IReadOnlyList<string>> RestoreAsync(BackupEntry backup, bool replaces, CancellationToken cancellationToken)
    {
        var manifest = await VerifyFilesAsync(backup, isDeep: false, cancellationToken);
        var prepared = new List<IPreparedRestore>();
        try
        {
            foreach (var (store, file) in Pairs(manifest))
                prepared.Add(await store.PrepareRestoreAsync(Path.Combine(backup.Path, file.Name), file.Contents, replaces, cancellationToken));
            var aside = new List<string>();
            // The database last: a server does not start without it.
            foreach (var each in Enumerable.Reverse(prepared))
                if (await each.CommitAsync() is { } path) aside.Add(path);
            return aside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"The backup cannot be restored: {e.Message}", e);
        }
        finally
        {
            foreach (var each in prepared) await each.DisposeAsync();
        }
    }

    /// <summary>The newest good backup of the database that was set aside: those that were made since then are of the one that took its place.</summary>
    /// <exception cref="BackupException">The folder cannot be read.</exception>
    public BackupEntry? FindFor(StoreDamage damage) => Folder.List().FirstOrDefault(b => b.IsGood && b.Manifest!.CreatedAt / 1_000_000 <= damage.At && b.Manifest.Files.Count == stores.Count());

    /// <summary>Copies the database of a backup to another path, and reads the copy from its first to its last row.</summary>
    /// <param name="backup">A backup of the database alone.</param>
    /// <param name="path">The copy; an unfinished one is replaced.</param>
    /// <param name="cancellationToken">Cancels it; the copy stays unfinished.</param>
    /// <exception cref="BackupException">It is damaged, or of another engine.</exception>
    public async Task CopyDatabaseAsync(BackupEntry backup, string path, CancellationToken cancellationToken)
    {
        var manifest = await VerifyFilesAsync(backup, isDeep: false, cancellationToken);
        var (store, file) = Pairs(manifest)[0];
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using var source = new FileStream(Path.Combine(backup.Path, file.Name), FileMode.Open, FileAccess.Read, FileShare.Read);
            await using var target = new FileStream(path, options);
            await source.CopyToAsync(target, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"The backup cannot be copied: {e.Message}", e);
        }
        await store.VerifyAsync(path, file.Contents, cancellationToken);
    }

    // The sizes and hashes of the files first: nothing else of a damaged backup is touched.
    private async Task<BackupManifest> VerifyFilesAsync(BackupEntry backup, bool isDeep, CancellationToken cancellationToken)
    {
        var manifest = BackupManifest.Read(backup.Path);
        foreach (var file in manifest.Files)
        {
            var path = Path.Combine(backup.Path, file.Name);
            var (bytes, hash) = await HashAsync(path, cancellationToken);
            if (bytes != file.Bytes) throw new BackupException(string.Create(CultureInfo.InvariantCulture, $"The backup {backup.Name} is damaged: {file.Name} has {bytes} bytes, the manifest says {file.Bytes}."));
            if (hash != file.Sha256) throw new BackupException($"The backup {backup.Name} is damaged: the SHA-256 of {file.Name} is not that of the manifest.");
        }
        if (!isDeep) return manifest;
        foreach (var (store, file) in Pairs(manifest)) await store.VerifyAsync(Path.Combine(backup.Path, file.Name), file.Contents, cancellationToken);
        return manifest;
    }

    private List<(IBackupStore Store, BackupFile File)> Pairs(BackupManifest manifest)
    {
        IBackupStore[] all = [.. stores];
        if (all.Length != manifest.Files.Count || all.Zip(manifest.Files).Any(pair => pair.First.Engine != pair.Second.Engine))
        {
            throw new BackupException($"The backup is of {Engines(manifest.Files.Select(f => f.Engine))}, and the settings name {Engines(all.Select(s => s.Engine))}. "
                + "Set Database:Provider and Readings:Backend as they were then.");
        }
        return [.. all.Zip(manifest.Files)];
    }

    private static string Engines(IEnumerable<string> engines) => string.Join(" and ", engines);

    private static async Task<BackupFile> DescribeAsync(IBackupStore store, string path, BackupContents contents, CancellationToken cancellationToken)
    {
        DurableFile.Sync(path);
        var (bytes, hash) = await HashAsync(path, cancellationToken);
        return new(store.FileName, store.Engine, bytes, hash, contents);
    }

    private static async Task<(long Bytes, string Sha256)> HashAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BlockBytes, FileOptions.SequentialScan);
            return (file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static void Discard(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next backup tries again.
        }
    }
}

/// <summary>A new backup.</summary>
/// <param name="Backup">The backup.</param>
/// <param name="Deleted">Names of older ones that were deleted.</param>
public sealed record CreatedBackup(BackupEntry Backup, IReadOnlyList<string> Deleted);
