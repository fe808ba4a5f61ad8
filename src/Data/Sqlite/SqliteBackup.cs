using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite;

/// <summary>Backups of the SQLite file: one file, complete without a log.</summary>
public sealed partial class SqliteBackup(SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock, ILogger<SqliteBackup> logger) : IBackupStore
{
    private const int MaxErrors = 5; // Of integrity_check.

    public string Engine => "sqlite";

    public string FileName => "sensordash.db";

    public string Name => database.Path;

    public Task<long> EstimateAsync(CancellationToken cancellationToken) => Task.FromResult(FileSize.Of(database.Path));

    public async Task<BackupContents> CopyAsync(string path, Action<double> progress, CancellationToken cancellationToken)
    {
        if (await SqliteCopy.RunAsync(database, path, clock, progress, cancellationToken)) Log.CopiedByReader(logger);
        return await ReadAsync(path, cancellationToken);
    }

    public async Task VerifyAsync(string path, BackupContents expected, CancellationToken cancellationToken)
    {
        if (expected.FindDifference(await ReadAsync(path, cancellationToken)) is { } difference) throw new BackupException($"{path} is not what its manifest says: {difference}.");
    }

    /// <inheritdoc/>
    public async Task<IPreparedRestore> PrepareRestoreAsync(string path, BackupContents expected, bool replaces, CancellationToken cancellationToken)
    {
        await using (var context = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (!context.Database.GetMigrations().Contains(expected.Schema))
                throw new BackupException($"The backup is of a newer version of SensorDash (schema {expected.Schema}), which this one cannot read. Install that version first.");
        }
        var restore = SqliteRestore.Begin(database, replaces, clock);
        try
        {
            await restore.CopyAsync(path, cancellationToken);
            await VerifyAsync(restore.Temporary, expected, cancellationToken);
            await restore.RenewEpochAsync(cancellationToken);
            return restore;
        }
        catch
        {
            await restore.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads every page and every row of a file that nobody writes to.</summary>
    /// <exception cref="BackupException">It is damaged.</exception>
    public static async Task<BackupContents> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var file = SqliteSourceFile.Open(path, isQuiet: false);
            using var copy = file.OpenDatabase();
            var sums = new TableSums();
            var (schema, epoch) = await copy.ReadLongAsync(connection => ReadSmallTables(connection, sums), cancellationToken);
            await sums.AddAsync(new SqliteRangeReader(copy), withEvents: true, cancellationToken);
            var log = await copy.ReadLongAsync(ReadLog, cancellationToken);
            return new(schema, epoch, sums.Result, sums.FindDoubt(log));
        }
        catch (TransferException e)
        {
            throw new BackupException(e.Message, e);
        }
        catch (Exception e) when (e is StoreDamagedException or StoreFaultException)
        {
            throw new BackupException($"{path} is damaged: {e.Message}", e);
        }
    }

    private static (string Schema, string Epoch) ReadSmallTables(SqliteConnection connection, TableSums sums)
    {
        var errors = Texts(connection, $"PRAGMA integrity_check({MaxErrors})");
        if (errors is not ["ok"]) throw new StoreDamagedException(string.Join("; ", errors));
        foreach (var table in Texts(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"))
        {
            if (TableSums.Large.Contains(table)) continue;
            sums.Define(table);
            var columns = Texts(connection, $"SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}') ORDER BY cid");
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {string.Join(" || ',' || ", columns)} FROM \"{table}\"";
            using var rows = command.ExecuteReader();
            while (rows.Read()) sums.Add(table, rows.GetString(0));
        }
        return (Texts(connection, "SELECT max(\"MigrationId\") FROM \"__EFMigrationsHistory\"").Single(), Texts(connection, "SELECT epoch FROM store_info").Single());
    }

    // Hashes add up modulo 2⁶⁴, which sum() does not.
    private static StoreSums ReadLog(SqliteConnection connection)
    {
        var (readings, events) = (Sum("SELECT row_count, rows_hash FROM ingest_batches"), Sum("SELECT event_count, rows_hash FROM event_batches UNION ALL SELECT -removed_events, -removed_events_hash FROM store_info"));
        return new(readings.Rows, readings.Hash, events.Rows, events.Hash);

        (long Rows, long Hash) Sum(string sql)
        {
            var (count, hash) = (0L, 0L);
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var rows = command.ExecuteReader();
            while (rows.Read()) (count, hash) = (count + rows.GetInt64(0), unchecked(hash + rows.GetInt64(1)));
            return (count, hash);
        }
    }

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read()) texts.Add(rows.GetString(0));
        return texts;
    }

    private static partial class Log
    {
        [LoggerMessage(100, LogLevel.Information, "Edits started the backup over several times, so it was read from one snapshot; the write-ahead log grew by what was written meanwhile.")]
        public static partial void CopiedByReader(ILogger logger);
    }
}
