using Microsoft.Extensions.Logging;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>The database has hashes of passwords and keys, and the keys that sign forms: only the user that runs SensorDash may read it.</summary>
/// <remarks>SQLite gives the files -wal and -shm, which it makes beside the database, the mode of the database. Windows has no modes.</remarks>
internal static partial class SqliteFileMode
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly string[] _endings = ["", "-wal", "-shm"];

    /// <summary>Opens the database file, and creates it with the right mode.</summary>
    public static FileStream OpenOrCreate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Read, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Owner;
        return new(path, options);
    }

    /// <summary>Takes the rights of other users away, from the database and from the files beside it.</summary>
    public static void Restrict(string path, ILogger logger)
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (var file in _endings.Select(ending => (FileIdentity.Target(path) ?? path) + ending).Where(File.Exists))
        {
            try
            {
                var mode = File.GetUnixFileMode(file);
                if ((mode & ~Owner) == 0) continue;
                File.SetUnixFileMode(file, mode & Owner);
                // Some file systems have no modes, and keep their own.
                if (File.GetUnixFileMode(file) != mode) Log.Restricted(logger, file, Text(mode), Text(mode & Owner));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.NotRestricted(logger, file, e.Message);
            }
        }
    }

    private static string Text(UnixFileMode mode) => Convert.ToString((int)mode, 8);

    private static partial class Log
    {
        [LoggerMessage(45, LogLevel.Warning, "Other users of this machine could read {File} (mode {Before}), which has hashes of passwords and keys. Its mode is {After} now.")]
        public static partial void Restricted(ILogger logger, string file, string before, string after);

        [LoggerMessage(46, LogLevel.Warning, "Other users of this machine may read {File}, which has hashes of passwords and keys: {Reason}")]
        public static partial void NotRestricted(ILogger logger, string file, string reason);
    }
}
