using Microsoft.Data.Sqlite;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>SQLite's own integrity check, a table with its indexes at a time. It reads a snapshot, so writers go on, and the write-ahead log grows meanwhile.</summary>
public sealed class SqliteCheck(SqliteDatabase database) : IStoreCheck
{
    private const int MaxErrors = 20;

    // A larger log than that of a busy hub in a minute; the check of a table takes about a minute per gigabyte on a memory card.
    private const long MaxLogGrowth = 256L << 20;

    private const int StepsBetweenLooks = 10_000;

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListPartsAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<string>>(
        connection => Texts(connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"), cancellationToken);

    /// <inheritdoc/>
    public Task<StoreCheck> CheckAsync(string part, CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            var (isTooLarge, allowed) = (false, FileSize.Of(LogPath) + MaxLogGrowth);
            raw.sqlite3_progress_handler(
                connection.Handle, StepsBetweenLooks,
                _ =>
                {
                    isTooLarge |= FileSize.Of(LogPath) > allowed;
                    return isTooLarge || cancellationToken.IsCancellationRequested ? 1 : 0;
                },
                null);
            try
            {
                var errors = Texts(connection, $"PRAGMA integrity_check('{part}')");
                if (!isTooLarge) return errors is ["ok"] ? StoreCheck.Clean : new StoreCheck(errors.Take(MaxErrors).ToList());
            }
            catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT && isTooLarge)
            {
                // Said below.
            }
            finally
            {
                raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
            }
            return new StoreCheck([], $"SQLite's check of {part} was given up, because so much is written that the write-ahead log grew by {MaxLogGrowth >> 20} MiB meanwhile. Run 'scrub' at a quieter time.");
        },
        cancellationToken);

    private string LogPath => database.Path + "-wal";

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read()) texts.Add(rows.GetString(0));
        return texts;
    }
}
