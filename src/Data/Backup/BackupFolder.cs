using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Backup;

/// <summary>A backup in the folder.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Path">Its folder.</param>
/// <param name="Manifest">What it holds; null if that cannot be read.</param>
/// <param name="Error">Why it cannot be restored, as far as known; null if nothing speaks against it.</param>
/// <param name="VerifiedAt">When it was last found to be as it was made, Unix microseconds; null: not, or not since it was damaged.</param>
public sealed record BackupEntry(string Name, string Path, BackupManifest? Manifest, string? Error, long? VerifiedAt)
{
    /// <summary>Whether it counts among those that stay: it is neither damaged nor doubtful.</summary>
    public bool IsGood => Error is null && Manifest is { Doubt: null };
}

/// <summary>The folder of the backups, each a folder with the copies of the stores and the manifest. A folder has another name until it is complete.</summary>
public sealed partial class BackupFolder(string path)
{
    // Both are unfinished: one is written, the other one deleted.
    private const string PartialEnding = ".partial", RemovedEnding = ".removed";

    private const string StateFile = "verified.json", LockFile = ".lock";

    private static readonly TimeSpan _lockRetry = TimeSpan.FromMilliseconds(20);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Path => path;

    /// <summary>How long to wait for the lock of another process.</summary>
    /// <remarks>A process that this one has just started has its open files too, and so a lock that was released, until it becomes its program.</remarks>
    internal TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The backups, newest first. Other files and folders are no business of ours.</summary>
    /// <exception cref="BackupException">The folder cannot be read.</exception>
    public IReadOnlyList<BackupEntry> List() => Try(() => !Directory.Exists(path) ? [] : (IReadOnlyList<BackupEntry>)[
        .. Directory.EnumerateDirectories(path).Select(System.IO.Path.GetFileName).OfType<string>().Where(name => Name().IsMatch(name))
            .Select(name => Read(System.IO.Path.Combine(path, name))).OrderByDescending(b => b.Name[..NameLength], StringComparer.Ordinal).ThenByDescending(b => b.Name.Length).ThenByDescending(b => b.Name, StringComparer.Ordinal)]);

    /// <summary>A backup by its name; null if there is none.</summary>
    /// <exception cref="BackupException">The folder cannot be read.</exception>
    public BackupEntry? Find(string name) => Name().IsMatch(name) && Try(() => Directory.Exists(System.IO.Path.Combine(path, name))) ? Read(System.IO.Path.Combine(path, name)) : null;

    /// <summary>Reads a backup anywhere.</summary>
    public static BackupEntry Read(string folder)
    {
        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(folder));
        try
        {
            var manifest = BackupManifest.Read(folder);
            var state = ReadState(folder);
            return new(name, folder, manifest, state?.Error, state is null ? manifest.CreatedAt : state.Error is null ? state.VerifiedAt : null);
        }
        catch (BackupException e)
        {
            return new(name, folder, null, e.Message, null);
        }
    }

    /// <summary>Lets no other process write to the folder until the result is disposed, and creates the folder.</summary>
    /// <exception cref="BackupException">The folder cannot be written to, or another process makes a backup.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled while another process had the lock.</exception>
    internal async Task<IDisposable> AcquireAsync(CancellationToken cancellationToken)
    {
        Try(() => OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerOnly));
        FileStream? held = null;
        for (var started = Stopwatch.GetTimestamp(); held is null;)
        {
            try
            {
                held = new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsHeld(e))
            {
                if (Stopwatch.GetElapsedTime(started) >= LockTimeout) throw new BackupException($"Another process makes a backup in {path} now. Try again when it has ended.", e);
                await Task.Delay(_lockRetry, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unusable(e); // A full or read-only disk, for example.
            }
        }
        Try(() =>
        {
            foreach (var left in Directory.EnumerateDirectories(path).Where(f => Unfinished().IsMatch(System.IO.Path.GetFileName(f)))) Directory.Delete(left, recursive: true);
            return true;
        });
        return held;
    }

    /// <summary>Creates the folder of a backup under its temporary name.</summary>
    internal (string Name, string Folder) Begin(DateTimeOffset now) => Try(() =>
    {
        var stem = "sensordash-" + now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var name = stem;
        for (var number = 2; Directory.Exists(System.IO.Path.Combine(path, name)); number++) name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
        var folder = System.IO.Path.Combine(path, name + PartialEnding);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, OwnerOnly);
        return (name, folder);
    });

    /// <summary>Writes the manifest, makes everything durable, and gives the backup its name.</summary>
    internal BackupEntry Complete(string name, string folder, BackupManifest manifest) => Try(() =>
    {
        WriteText(System.IO.Path.Combine(folder, BackupManifest.FileName), manifest.ToJson());
        DurableFile.SyncFolder(folder);
        var complete = System.IO.Path.Combine(path, name);
        Directory.Move(folder, complete);
        DurableFile.SyncFolder(path);
        return Read(complete);
    });

    /// <summary>Notes the result of a verification beside the backup; a folder that is read-only keeps its former one.</summary>
    internal static BackupEntry Note(BackupEntry backup, string? error, long now)
    {
        try
        {
            WriteText(System.IO.Path.Combine(backup.Path, StateFile), JsonSerializer.Serialize(new State(now, error)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The caller has the result.
        }
        return backup with { Error = error, VerifiedAt = error is null ? now : null };
    }

    /// <summary>Deletes what is older than the good backups that stay. Never the newest good one, and nothing that is not a backup.</summary>
    /// <param name="keep">Number of good backups that stay.</param>
    /// <param name="kept">One that stays besides; null: none.</param>
    /// <returns>The names of the deleted ones.</returns>
    internal IReadOnlyList<string> Rotate(int keep, string? kept = null)
    {
        var backups = List();
        var good = backups.Where(b => b.IsGood).ToList();
        if (good.Count <= keep) return [];
        var oldestKept = backups.TakeWhile(b => b != good[keep - 1]).Count();
        // What cannot be read may be a backup of a later version.
        var old = backups.Skip(oldestKept + 1).Where(b => b.Manifest is not null && b.Name != kept).ToList();
        return Try(() =>
        {
            foreach (var backup in old)
            {
                // Renamed first: a half-deleted one would look like a damaged one.
                Directory.Move(backup.Path, backup.Path + RemovedEnding);
                Directory.Delete(backup.Path + RemovedEnding, recursive: true);
            }
            return (IReadOnlyList<string>)[.. old.Select(b => b.Name)];
        });
    }

    /// <summary>Bytes that are free on the disk of the folder.</summary>
    internal long FreeBytes() => Try(() => new DriveInfo(path).AvailableFreeSpace);

    private const int NameLength = 27; // sensordash- and the time.

    private T Try<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }
    }

    private BackupException Unusable(Exception e) => new($"The backup folder {path} cannot be used: {e.Message} Make it writable for the user that runs SensorDash, or set Backup:Folder to another one.", e);

    private static bool IsHeld(IOException e) => OperatingSystem.IsWindows() ? (e.HResult & 0xffff) is 32 or 33 : e.GetType() == typeof(IOException) && e.HResult is 11 or 35; // EWOULDBLOCK of Linux and macOS.

    private static void WriteText(string file, string text) => DurableFile.Write(file, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static State? ReadState(string folder)
    {
        try
        {
            var file = System.IO.Path.Combine(folder, StateFile);
            return File.Exists(file) ? JsonSerializer.Deserialize<State>(File.ReadAllText(file)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\Asensordash-[0-9]{8}T[0-9]{6}Z(-[0-9]{1,4})?\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\Asensordash-[0-9]{8}T[0-9]{6}Z(-[0-9]{1,4})?\.(partial|removed)\z")]
    private static partial Regex Unfinished();

    private sealed record State(long VerifiedAt, string? Error);
}
