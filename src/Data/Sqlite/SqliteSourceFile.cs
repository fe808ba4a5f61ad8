using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite;

/// <summary>A SQLite file that is only read: nothing is written to it or beside it, and its folder may be read-only.</summary>
/// <remarks>
/// A file with a write-ahead log is complete only with that log. SQLite makes a third file, -shm, to read the log: where it is missing, database and log are copied
/// to a temporary folder. Without a log the file is opened as immutable, because SQLite would make an empty log otherwise.
/// </remarks>
internal sealed class SqliteSourceFile : IDisposable
{
    private const int HeaderLength = 20;
    private const int ReadVersionAt = 19; // 2: with a write-ahead log.

    private readonly DirectoryInfo? _copy;

    private SqliteSourceFile(string path, string connectionString, DirectoryInfo? copy) => (Path, ConnectionString, _copy) = (path, connectionString, copy);

    /// <summary>Absolute path of the original.</summary>
    public string Path { get; }

    public string ConnectionString { get; }

    /// <param name="path">The file.</param>
    /// <param name="isQuiet">Whether no SensorDash may use it: its rows would change while they are copied.</param>
    /// <param name="isFollowed">Whether another program goes on writing it: then the file itself is read, and SQLite may make its companions -wal and -shm.</param>
    /// <exception cref="TransferException">The file cannot be read, or is in use.</exception>
    public static SqliteSourceFile Open(string path, bool isQuiet, bool isFollowed = false)
    {
        path = System.IO.Path.GetFullPath(path);
        if (SqliteFileLock.IsHeld(path))
        {
            if (isQuiet) throw new TransferException($"The store {path} is in use by a running SensorDash. Stop it, so that the transfer is complete.");
            return new(path, Connection(path), null); // Its log and shared memory are there.
        }
        try
        {
            Span<byte> header = stackalloc byte[HeaderLength];
            using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
                if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !header.StartsWith("SQLite format 3\0"u8))
                    throw new TransferException($"{path} is not a SQLite file.");
            if (header[ReadVersionAt] != 2 || isFollowed) return new(path, Connection(path), null);
            var hasLog = new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };
            if (File.Exists(path + "-shm") && hasLog) return new(path, Connection(path), null);
            if (!hasLog) return new(path, Connection(Immutable(path)), null);
            var copy = Directory.CreateTempSubdirectory("sensordash-transfer-");
            var copied = System.IO.Path.Combine(copy.FullName, "copy.db");
            File.Copy(path, copied);
            File.Copy(path + "-wal", copied + "-wal");
            return new(path, Connection(copied, SqliteOpenMode.ReadWrite), copy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransferException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The store in the file.</summary>
    public SqliteDatabase OpenDatabase() => new(Options.Create(new SqliteOptions { Path = Path, ReadOnlyConnection = ConnectionString }));

    private static string Connection(string source, SqliteOpenMode mode = SqliteOpenMode.ReadOnly)
        => new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false, DefaultTimeout = SqliteDatabase.BusyTimeoutSeconds }.ToString();

    private static string Immutable(string path) => $"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1";

    public void Dispose() => _copy?.Delete(recursive: true);
}
