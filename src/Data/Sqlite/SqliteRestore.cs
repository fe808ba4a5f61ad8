using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>A copy beside the database that takes its name. The lock of the database is held meanwhile, so no server starts on it.</summary>
internal sealed class SqliteRestore : IPreparedRestore
{
    // The file itself if the settings name a link, which stays.
    private readonly string _path, _connectionString;
    private readonly bool _wasThere;
    private readonly TimeProvider _clock;
    private readonly SqliteFileLock _lock;
    private bool _isDone;

    private SqliteRestore(SqliteDatabase database, bool wasThere, SqliteFileLock held, TimeProvider clock)
        => (_path, _connectionString, _wasThere, _lock, _clock) = (FileIdentity.Target(database.Path) ?? database.Path, database.ConnectionString, wasThere, held, clock);

    /// <summary>The name of the copy until the commit.</summary>
    public string Temporary => _path + ".restoring";

    /// <exception cref="BackupException">The database is in use, or must not be replaced.</exception>
    public static SqliteRestore Begin(SqliteDatabase database, bool replaces, TimeProvider clock)
    {
        var path = database.Path;
        var isThere = new FileInfo(path) is { Exists: true, Length: > 0 };
        if (isThere && !replaces) throw new BackupException($"{path} is a database already. With --replace it is set aside under another name, and the backup takes its place.");
        try
        {
            return new(database, isThere, SqliteFileLock.Acquire(path, clock), clock);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new BackupException(e.Message, e);
        }
    }

    public async Task CopyAsync(string path, CancellationToken cancellationToken)
    {
        DeleteTemporary();
        await SqliteFileMode.OpenOrCreate(Temporary).DisposeAsync();
        await using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        await using var target = new FileStream(Temporary, FileMode.Open, FileAccess.Write, FileShare.None);
        await source.CopyToAsync(target, cancellationToken);
    }

    /// <summary>Positions of the former history mean nothing in a restored store.</summary>
    public async Task RenewEpochAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Temporary, Pooling = false }.ToString()))
            {
                await connection.OpenAsync(cancellationToken);
                await using var command = connection.CreateCommand();
                command.CommandText = "UPDATE store_info SET epoch = $epoch, readings_epoch = NULL; PRAGMA wal_checkpoint(TRUNCATE)";
                command.Parameters.AddWithValue("$epoch", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Translate(e);
        }
        DurableFile.Sync(Temporary);
    }

    public Task<string?> CommitAsync()
    {
        // A pooled connection would go on with the file that is set aside.
        using (var pooled = new SqliteConnection(_connectionString)) SqliteConnection.ClearPool(pooled);
        // Also the log alone: SQLite would apply it to the restored file.
        string? aside = null;
        if (_wasThere) aside = FileAside.Move(_path, _clock, SqliteDatabase.Companions);
        else foreach (var ending in SqliteDatabase.Companions.Where(e => File.Exists(_path + e))) FileAside.Move(_path + ending, _clock);
        File.Move(Temporary, _path, overwrite: true);
        DurableFile.SyncFolder(Path.GetDirectoryName(_path)!);
        _isDone = true;
        return Task.FromResult(aside);
    }

    public ValueTask DisposeAsync()
    {
        DeleteTemporary();
        // The lock has created an empty file.
        if (!_isDone && !_wasThere && new FileInfo(_path) is { Exists: true, Length: 0 }) File.Delete(_path);
        _lock.Dispose();
        return ValueTask.CompletedTask;
    }

    private void DeleteTemporary()
    {
        foreach (var ending in SqliteDatabase.Companions.Prepend("")) File.Delete(Temporary + ending);
    }
}
