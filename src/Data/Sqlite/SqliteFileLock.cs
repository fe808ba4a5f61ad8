using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SensorDash.Data.Sqlite;

/// <summary>Prevents a second SensorDash process from using the same SQLite file, and reports which process holds it.</summary>
/// <remarks>Two files: the lock itself cannot be read while it is held. The operating system releases the lock when the process ends in any way.
/// On Linux the database file itself is locked too, so that another name of it, or its new name, does not admit a second process.</remarks>
public sealed class SqliteFileLock : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    // Longer than a swap of stores and the start of a host take.
    private static readonly TimeSpan _maxSwitch = TimeSpan.FromMinutes(2);

    private readonly FileStream _lock;
    private readonly FileStream? _fileLock;
    private readonly string _ownerPath;

    private Owner _owner;

    private SqliteFileLock(FileStream held, FileStream? file, string ownerPath, Owner owner) => (_lock, _fileLock, _ownerPath, _owner) = (held, file, ownerPath, owner);

    /// <summary>Acquires the lock beside <paramref name="databasePath"/>. Waits for up to a second, because a process that looks whether it is held, or that is just being started, has it for a moment.</summary>
    /// <exception cref="InvalidOperationException">Another process holds it; the message names that process.</exception>
    public static SqliteFileLock Acquire(string databasePath, TimeProvider clock) => Acquire(databasePath, clock, _patience);

    internal static SqliteFileLock Acquire(string databasePath, TimeProvider clock, TimeSpan patience)
    {
        var ownerPath = databasePath + ".owner";
        Directory.CreateDirectory(Path.GetDirectoryName(databasePath)!);
        FileStream? held = null, file = null;
        IOException? error = null;
        Owner? former = null;
        if (!SpinWait.SpinUntil(() => TryOpen(databasePath, out held, out file, out former, out error), patience))
        {
            throw new InvalidOperationException(
                $"The database {databasePath} is in use by another SensorDash process ({DescribeOwner(databasePath)}). "
                + "Stop that process, or set Database__Sqlite__Path to another file.", error);
        }

        var owner = new Owner(Environment.ProcessId, Environment.MachineName, clock.GetUtcNow());
        if (former is { IsThisProcess: true, SwitchesUntil: not null }) owner = owner with { Url = former.Url, SwitchesUntil = former.SwitchesUntil };
        Write(ownerPath, owner);
        return new SqliteFileLock(held!, file, ownerPath, owner);
    }

    private static bool TryOpen(string databasePath, out FileStream? held, out FileStream? file, out Owner? former, out IOException? error)
    {
        (held, file, former, error) = (null, null, null, null);
        try
        {
            held = new FileStream(LockPath(databasePath), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (LocksOfRuntimeAndSqliteAreSeparate(databasePath)) file = SqliteFileMode.OpenOrCreate(databasePath);
            else if (!File.Exists(databasePath)) SqliteFileMode.OpenOrCreate(databasePath).Dispose();
            former = ReadOwner(databasePath);
            if (former is not { IsSwitching: true, IsThisProcess: false }) return true;
            held.Dispose();
            file?.Dispose();
            return false;
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
    public void NoteAddress(string url) => Note(_owner with { Url = url });

    /// <summary>Notes that the server releases the lock for a moment only, while one host follows another one: meanwhile no other process gets it.</summary>
    public void NoteSwitch() => Note(_owner with { SwitchesUntil = TimeProvider.System.GetUtcNow() + _maxSwitch });

    private void Note(Owner owner)
    {
        try
        {
            Write(_ownerPath, owner);
            _owner = owner;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: commands then need --server.
        }
    }

    // At once: a reader never finds half of it.
    private static void Write(string path, Owner owner)
    {
        var next = path + ".new";
        File.WriteAllText(next, JsonSerializer.Serialize(owner));
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Where the server listens that holds the lock, or is about to hold it again; null if none does, or it does not say.</summary>
    public static string? FindServer(string databasePath)
    {
        var isHeld = IsHeld(databasePath);
        return ReadOwner(databasePath) is { } owner && (isHeld || owner.IsSwitching) ? owner.Url : null;
    }

    private static Owner? ReadOwner(string databasePath)
    {
        try
        {
            return JsonSerializer.Deserialize<Owner>(File.ReadAllText(databasePath + ".owner"));
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
        if (!_owner.IsSwitching) File.Delete(_ownerPath);
        _fileLock?.Dispose();
        _lock.Dispose();
    }

    // The runtime locks with flock and SQLite with fcntl. On a local file of Linux neither sees the other's locks; on a network drive and on macOS they conflict.
    private static bool LocksOfRuntimeAndSqliteAreSeparate(string path)
        => OperatingSystem.IsLinux() && new DriveInfo(Path.GetDirectoryName(path)!).DriveType != DriveType.Network;

    private static string DescribeOwner(string databasePath) => ReadOwner(databasePath) is { } owner
        ? string.Create(CultureInfo.InvariantCulture, $"process {owner.ProcessId} on {owner.Machine}, started {owner.StartedAt:yyyy-MM-dd HH:mm:ss} UTC") : "its owner file cannot be read";

    /// <param name="ProcessId">Of the process that acquired the lock.</param>
    /// <param name="Machine">Its machine.</param>
    /// <param name="StartedAt">When it acquired the lock.</param>
    /// <param name="Url">Where it listens; null if it is no server, or does not say.</param>
    /// <param name="SwitchesUntil">When it holds the lock again at the latest, if it is a server that changes its host; null if it is not.</param>
    private sealed record Owner(int ProcessId, string Machine, DateTimeOffset StartedAt, string? Url = null, DateTimeOffset? SwitchesUntil = null)
    {
        [JsonIgnore]
        public bool IsThisProcess => ProcessId == Environment.ProcessId && Machine == Environment.MachineName;

        /// <summary>Whether it is about to hold the lock again.</summary>
        [JsonIgnore]
        public bool IsSwitching => SwitchesUntil > TimeProvider.System.GetUtcNow() && IsAlive;

        // Another process with the number of one that has ended started later.
        private bool IsAlive
        {
            get
            {
                if (Machine != Environment.MachineName) return false;
                try
                {
                    using var process = Process.GetProcessById(ProcessId);
                    return process.StartTime.ToUniversalTime() < SwitchesUntil?.UtcDateTime;
                }
                catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
                {
                    return false;
                }
            }
        }
    }
}
