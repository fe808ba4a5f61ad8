using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Copies an open SQLite file as of one moment, in slices between the batches of the writer.</summary>
/// <remarks>
/// Over the connection of the writer: SQLite then brings what that connection commits meanwhile into the copy, and between two slices no snapshot is open, so that the
/// write-ahead log is copied back as always. A commit of another connection (users, names, the audit log) starts the copy over; after some of these a reader makes it,
/// whose snapshot lets the log grow by what is written during one pass (docs/decisions/0039-backups.md).
/// </remarks>
internal static class SqliteCopy
{
    private const int MaxRestarts = 3;

    // A batch waits for at most one slice.
    private static readonly TimeSpan _slice = TimeSpan.FromMilliseconds(50);

    private const int FirstPages = 64, MaxPages = 4_096; // 16 MiB.

    /// <param name="database">The open file.</param>
    /// <param name="path">The copy; it is created, readable by its owner only.</param>
    /// <param name="clock">For the length of slices.</param>
    /// <param name="progress">Receives the share that is copied.</param>
    /// <param name="cancellationToken">Cancels it between slices.</param>
    /// <returns>Whether a reader had to make it.</returns>
    /// <exception cref="StoreUnavailableException">The file or the disk of the copy is temporarily unavailable.</exception>
    public static async Task<bool> RunAsync(SqliteDatabase database, string path, TimeProvider clock, Action<double> progress, CancellationToken cancellationToken)
    {
        if (await TryCopyAsync(path, (act, token) => database.Writer.UseAsync(act, token), MaxRestarts, clock, progress, cancellationToken)) return false;
        File.Delete(path); // Without a journal an unfinished copy is of no use.
        try
        {
            await using var reader = await database.OpenAsync(cancellationToken);
            await using var snapshot = reader.CreateCommand();
            snapshot.CommandText = "BEGIN; SELECT count(*) FROM sqlite_master"; // A transaction begins with its first read.
            await snapshot.ExecuteScalarAsync(cancellationToken);
            await TryCopyAsync(path, (act, _) => Task.FromResult(act(reader.Handle!)), int.MaxValue, clock, progress, cancellationToken);
            snapshot.CommandText = "ROLLBACK";
            await snapshot.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Translate(e);
        }
    }

    private delegate Task<bool> Use(Func<sqlite3, bool> act, CancellationToken cancellationToken);

    // False when other connections wrote so often that it started over too many times.
    private static async Task<bool> TryCopyAsync(string path, Use use, int maxRestarts, TimeProvider clock, Action<double> progress, CancellationToken cancellationToken)
    {
        await SqliteFileMode.OpenOrCreate(path).DisposeAsync();
        await using var copy = await OpenAsync(path, cancellationToken);
        sqlite3_backup? backup = null;
        var (pages, copied, restarts) = (FirstPages, 0, 0);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var expected = copied + pages;
                var isDone = await use(
                    source =>
                    {
                        backup ??= Begin(copy.Handle!, source);
                        var start = clock.GetTimestamp();
                        var code = raw.sqlite3_backup_step(backup, pages);
                        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE)) throw SqliteErrors.Translate(code, raw.sqlite3_errstr(code).utf8_to_string());
                        if (clock.GetElapsedTime(start) is var took && took > _slice) pages = Math.Max(FirstPages, pages / 2);
                        else if (took < _slice / 2) pages = Math.Min(MaxPages, pages * 2);
                        return code == raw.SQLITE_DONE;
                    },
                    cancellationToken);
                var total = raw.sqlite3_backup_pagecount(backup!);
                copied = total - raw.sqlite3_backup_remaining(backup!);
                if (total > 0) progress((double)copied / total);
                if (isDone) return true;
                if (copied < expected && ++restarts > maxRestarts) return false;
            }
        }
        finally
        {
            // It also ends what it holds of the source, so the writer must not run meanwhile.
            if (backup is not null)
            {
                await use(
                    _ =>
                    {
                        backup.Dispose();
                        return true;
                    },
                    CancellationToken.None);
            }
        }
    }

    // It is synced as a whole when it is complete.
    private static async Task<SqliteConnection> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            await copy.OpenAsync(cancellationToken);
            await using var pragmas = copy.CreateCommand();
            pragmas.CommandText = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF";
            await pragmas.ExecuteNonQueryAsync(cancellationToken);
            return copy;
        }
        catch (SqliteException e)
        {
            await copy.DisposeAsync();
            throw SqliteErrors.Translate(e);
        }
    }

    private static sqlite3_backup Begin(sqlite3 copy, sqlite3 source)
    {
        var backup = raw.sqlite3_backup_init(copy, "main", source, "main");
        return backup is { IsInvalid: false } ? backup : throw SqliteErrors.Translate(raw.sqlite3_errcode(copy), raw.sqlite3_errmsg(copy).utf8_to_string());
    }
}
