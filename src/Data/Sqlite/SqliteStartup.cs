using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>Acquires the file for this process.</summary>
public sealed partial class SqliteStartup(
    SqliteDatabase database, SqliteVersion version, IStoreErrors errors, IOptions<ReadingsOptions> readings, TimeProvider clock, ILogger<SqliteStartup> logger) : IStoreStartup, IDisposable
{
    private const string BeforeEnding = ".before-";
    private const long SpareBytes = 16L << 20;

    private readonly SqliteDamage _damage = new(database, clock);

    private SqliteFileLock? _lock;

    /// <inheritdoc/>
    public string Name => database.Path;

    /// <inheritdoc/>
    public bool IsNew => Damage?.Swap is null && !IsEmptied && (new FileInfo(database.Path) is { Exists: false } or { Length: 0 });

    // A file that is missing may have been deleted for a new beginning; nobody wants an empty one.
    private bool IsEmptied => new FileInfo(database.Path) is { Exists: true, Length: 0 } && SqliteFileLock.IsUsedBeside(database.Path);

    /// <inheritdoc/>
    public StoreDamage? Damage { get; private set; } = StoreDamage.Read(database.Path);

    /// <inheritdoc/>
    public async Task ClaimAsync(CancellationToken cancellationToken)
    {
        if (version.Problem is { } problem) throw new StoreStartupException(problem);
        try
        {
            Damage = StoreDamage.Read(database.Path); // A repair may have ended it since this was made.
            var isEmptied = Damage?.Swap is null && IsEmptied; // The lock makes a file that is missing.
            _lock = SqliteFileLock.Acquire(database.Path, clock);
            if (Damage is { Swap: { } swap }) CompleteSwap(Damage, swap);
            // The readings of another file belong to this one; only a backup has both as of the same moment. Some other file that the setting names by mistake stays where it is: the start fails.
            if (_lock.IsUsed && readings.Value.Backend == ReadingsBackend.Database && (isEmptied ? "the file is empty" : await _damage.FindAsync(cancellationToken)) is { } found) SetAside(found);
            SqliteFileMode.Restrict(database.Path, logger);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new StoreStartupException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public async Task CompleteDamageAsync(string? sidePath, CancellationToken cancellationToken)
    {
        if (Damage is not { IsComplete: false } damage) return;
        damage = damage with { SidePath = sidePath, Lost = await _damage.RescueAsync(damage.Aside, cancellationToken), IsComplete = true };
        damage.Write(database.Path);
        Damage = damage;
    }

    /// <inheritdoc/>
    public void ForgetDamage()
    {
        if (Damage is { } damage) new RepairResult("go_on", clock.GetUtcNow().ToUnixTimeSeconds(), $"{damage.Found}. SensorDash goes on without it.", []).Write(damage.Aside);
        StoreDamage.Forget(database.Path);
        Damage = null;
    }

    private void CompleteSwap(StoreDamage damage, StoreSwap swap)
    {
        _lock!.Dispose(); // It is on the file itself too, which gets another name.
        SqliteDamage.CompleteSwap(database.Path, damage, swap);
        Damage = null;
        _lock = SqliteFileLock.Acquire(database.Path, clock);
        Log.Repaired(logger, damage.Aside, swap.Result.Text);
    }

    private void SetAside(string found)
    {
        _lock!.Dispose(); // It is on the file itself too, which gets another name.
        Damage = _damage.SetAside(found);
        _lock = SqliteFileLock.Acquire(database.Path, clock);
        Log.SetAside(logger, database.Path, found, Damage.Aside);
    }

    /// <inheritdoc/>
    public async Task ReleaseMigrationLockAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsLock'";
        if (await command.ExecuteScalarAsync(cancellationToken) is 0L) return;
        // EF Core waits without end for the process that wrote the row. The file's lock proves that this process no longer runs.
        command.CommandText = "DELETE FROM \"__EFMigrationsLock\" RETURNING \"Timestamp\"";
        if (await command.ExecuteScalarAsync(cancellationToken) is { } since) Log.MigrationLockRemoved(logger, $"{since}");
    }

    /// <inheritdoc/>
    public string? FindUpgradeObstacle()
    {
        var size = FileSize.Of(database.Path, database.Path + "-wal");
        var free = new DriveInfo(System.IO.Path.GetDirectoryName(database.Path)!).AvailableFreeSpace;
        // The copy; and a migration may write a table anew, once into the log and once into the file.
        var needed = (3 * size) + SpareBytes;
        return free >= needed ? null : string.Create(CultureInfo.InvariantCulture,
            $"{Name} must be upgraded, which takes up to {needed >> 20} MiB of free disk space, and there are {free >> 20} MiB. Free some space, and start again; nothing has changed.");
    }

    /// <inheritdoc/>
    public async Task<string?> CopyBeforeUpgradeAsync(string migration, CancellationToken cancellationToken)
    {
        var copy = database.Path + BeforeEnding + migration;
        if (!File.Exists(copy))
        {
            var unfinished = copy + ".tmp";
            File.Delete(unfinished);
            await SqliteCopy.RunAsync(database, unfinished, clock, _ => { }, cancellationToken);
            DurableFile.Sync(unfinished);
            File.Move(unfinished, copy);
            DurableFile.SyncFolder(System.IO.Path.GetDirectoryName(copy)!);
        }
        // Those of earlier upgrades, which this version has outlived.
        foreach (var former in Directory.GetFiles(System.IO.Path.GetDirectoryName(copy)!, System.IO.Path.GetFileName(database.Path) + BeforeEnding + "*"))
            if (former != copy && NameOfCopy().IsMatch(former)) File.Delete(former);
        return copy;
    }

    /// <inheritdoc/>
    public Task ApplySettingsAsync(CancellationToken cancellationToken)
    {
        _lock?.NoteUsed();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void NoteAddress(string url) => _lock?.NoteAddress(url);

    /// <inheritdoc/>
    public void NoteSwitch() => _lock?.NoteSwitch();

    /// <inheritdoc/>
    public string? Explain(Exception error)
        => error is DbException || errors.IsUnavailable(error) ? $"the database {Name} cannot be used: {error.Message}" : null;

    /// <summary>Releases the file after its connections: another program that finds it free finds none of them at work.</summary>
    public void Dispose()
    {
        database.Dispose();
        _lock?.Dispose();
    }

    [GeneratedRegex(@"\.before-[0-9]{14}_[A-Za-z]+$")]
    private static partial Regex NameOfCopy();

    private static partial class Log
    {
        [LoggerMessage(53, LogLevel.Critical, "The database {Path} is damaged: {Found}. It is set aside as {Aside}, and a new one takes its place. The System page has what you can do.")]
        public static partial void SetAside(ILogger logger, string path, string found, string aside);

        [LoggerMessage(55, LogLevel.Warning, "A repair of the database that was set aside as {Aside} is complete: {Result}")]
        public static partial void Repaired(ILogger logger, string aside, string result);

        [LoggerMessage(40, LogLevel.Warning, "A process was killed during a migration that started at {Time}; its lock is removed and the migration runs again.")]
        public static partial void MigrationLockRemoved(ILogger logger, string time);
    }
}
