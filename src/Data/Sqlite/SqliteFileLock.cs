using System.Globalization;
using System.Text.Json;

namespace SensorDash.Data.Sqlite;

/// <summary>Prevents a second SensorDash process from using the same SQLite file, and reports which process holds it.</summary>
/// <remarks>Two files: the lock itself cannot be read while it is held. The operating system releases the lock when the process ends in any way.
/// On Linux the database file itself is locked too, so that another name of it, or its new name, does not admit a second process.</remarks>
public sealed class SqliteFileLock : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly FileStream _lock;
    private readonly FileStream? _fileLock;
    private readonly string _ownerPath;

    private readonly Owner _owner;

    private SqliteFileLock(FileStream held, FileStream? file, string ownerPath, Owner owner) => (_lock, _fileLock, _ownerPath, _owner) = (held, file, ownerPath, owner);

    /// <summary>Acquires the lock beside <paramref name="databasePath"/>. Waits for up to a second, because a process that looks whether it is held, or that is just being started, has it for a moment.</summary>
    /// <exception cref="InvalidOperationException">Another process holds it; the message names that process.</exception>
    public static SqliteFileLock Acquire(string databasePath, TimeProvider clock)
    {
        var ownerPath = databasePath + ".owner";
        Directory.CreateDirectory(Path.GetDirectoryName(databasePath)!);
        FileStream? held = null, file = null;
        IOException? error = null;
        if (!SpinWait.SpinUntil(() => TryOpen(databasePath, out held, out file, out error), _patience))
        {
            throw new InvalidOperationException(
                $"The database {databasePath} is in use by another SensorDash process ({DescribeOwner(ownerPath)}). "
                + "Stop that process, or set Database__Sqlite__Path to another file.", error);
        }

        var owner = new Owner(Environment.ProcessId, Environment.MachineName, clock.GetUtcNow());
        File.WriteAllText(ownerPath, JsonSerializer.Serialize(owner));
        return new SqliteFileLock(held!, file, ownerPath, owner);
    }

    private static bool TryOpen(string databasePath, out FileStream? held, out FileStream? file, out IOException? error)
    {
        (held, file, error) = (null, null, null);
        try
        {
            held = new FileStream(LockPath(databasePath), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (LocksOfRuntimeAndSqliteAreSeparate(databasePath)) file = SqliteFileMode.OpenOrCreate(databasePath);
            else if (!File.Exists(databasePath)) SqliteFileMode.OpenOrCreate(databasePath).Dispose();
            return true;
        }
        catch (IOException e)
        {
            held?.Dispose();
            error = e;
            return false;
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file has been a database of SensorDash before, and not some other file that the setting names by mistake.</summary>
    public bool IsUsed => _lock.Length > 0;

    /// <summary>The same before the lock is acquired.</summary>
    public static bool IsUsedBeside(string databasePath) => new FileInfo(LockPath(databasePath)) is { Exists: true, Length: > 0 };

    private static string LockPath(string databasePath) => databasePath + ".lock";

    /// <summary>Notes that it is one.</summary>
    public void NoteUsed()
    {
        if (IsUsed) return;
        _lock.WriteByte((byte)'1');
        _lock.Flush();
    }

    /// <summary>Notes where the server that holds the lock listens.</summary>
    public void NoteAddress(string url)
    {
        try
        {
            // At once: a reader never finds half of it.
            var next = _ownerPath + ".new";
            File.WriteAllText(next, JsonSerializer.Serialize(_owner with { Url = url }));
            File.Move(next, _ownerPath, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: commands then need --server.
        }
    }

    /// <summary>Where the server listens that holds the lock; null if none does, or it does not say.</summary>
    public static string? FindServer(string databasePath)
    {
        if (!IsHeld(databasePath)) return null;
        try
        {
            return JsonSerializer.Deserialize<Owner>(File.ReadAllText(databasePath + ".owner"))?.Url;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a process holds the lock; nothing is written.</summary>
    public static bool IsHeld(string databasePath)
    {
        try
        {
            using var free = new FileStream(LockPath(databasePath), FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        // Without the right to read the lock nobody can tell; then the file itself is mostly unreadable too.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose()
    {
        File.Delete(_ownerPath);
        _fileLock?.Dispose();
        _lock.Dispose();
    }

    // The runtime locks with flock and SQLite with fcntl. On a local file of Linux neither sees the other's locks; on a network drive and on macOS they conflict.
    private static bool LocksOfRuntimeAndSqliteAreSeparate(string path)
        => OperatingSystem.IsLinux() && new DriveInfo(Path.GetDirectoryName(path)!).DriveType != DriveType.Network;

    private static string DescribeOwner(string ownerPath)
    {
        try
        {
            var owner = JsonSerializer.Deserialize<Owner>(File.ReadAllText(ownerPath));
            return owner is null ? "unknown" : string.Create(CultureInfo.InvariantCulture,
                $"process {owner.ProcessId} on {owner.Machine}, started {owner.StartedAt:yyyy-MM-dd HH:mm:ss} UTC");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return "its owner file cannot be read";
        }
    }

    private sealed record Owner(int ProcessId, string Machine, DateTimeOffset StartedAt, string? Url = null);
}
