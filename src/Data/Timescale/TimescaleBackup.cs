using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Timescale;

/// <summary>Backups of a PostgreSQL database by pg_dump, in its own format. The counts and hashes are of the snapshot that pg_dump reads.</summary>
public sealed class TimescaleBackup(
    TimescaleDatabase database, IOptions<TimescaleOptions> options, IOptions<BackupOptions> backup, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock) : IBackupStore
{
    // A dump is compressed and has no indexes.
    private const int SizeShare = 4;

    // A chunk that is dropped is gone at once, also for a snapshot from before, whose batch log still counts its rows. So no chunk may be dropped from the moment of the snapshot on, which these statements do not take.
    private static readonly string _keepChunks = $"SET LOCAL lock_timeout = '1min'; LOCK TABLE event_index, {string.Join(", ", TableSums.Large)} IN ACCESS SHARE MODE";

    private PostgresTools Tools => new(backup.Value.PostgresTools, options.Value);

    public string Engine => "postgresql";

    public string FileName => "database.pgdump";

    public string Name => database.Name;

    public Task<long> EstimateAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("SELECT pg_database_size(current_database())", connection);
            return (long)(await command.ExecuteScalarAsync(token))! / SizeShare;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<BackupContents> CopyAsync(string path, Action<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(database.MigrationConnectionString, cancellationToken);
            await Tools.CheckAsync(PostgresTools.Dump, connection.PostgreSqlVersion, cancellationToken);
            await Tools.CheckAsync(PostgresTools.Restore, connection.PostgreSqlVersion, cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await using (var keep = new NpgsqlCommand(_keepChunks, connection)) await keep.ExecuteNonQueryAsync(cancellationToken);
            var snapshot = (await TextsAsync(connection, "SELECT pg_export_snapshot()", cancellationToken)).Single();
            // Its mode before its content.
            var mode = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await new FileStream(path, mode).DisposeAsync();
            await Tools.RunAsync(PostgresTools.Dump, options.Value.Database, ["--format=custom", "--no-owner", $"--snapshot={snapshot}", $"--file={path}"], cancellationToken);
            progress(1);
            var contents = await ReadAsync(connection, cancellationToken);
            await VerifyAsync(path, contents, cancellationToken);
            return contents;
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            throw TimescaleErrors.Translate(e, cancellationToken);
        }
    }

    /// <inheritdoc/>
    /// <remarks>pg_restore reads and decompresses all of it. Its rows are compared by a restore.</remarks>
    public async Task VerifyAsync(string path, BackupContents expected, CancellationToken cancellationToken)
    {
        try
        {
            await Tools.RunAsync(PostgresTools.Restore, null, [$"--file={(OperatingSystem.IsWindows() ? "NUL" : "/dev/null")}", path], cancellationToken);
        }
        catch (BackupException e)
        {
            throw new BackupException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async Task<IPreparedRestore> PrepareRestoreAsync(string path, BackupContents expected, bool replaces, CancellationToken cancellationToken)
    {
        await using (var context = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (!context.Database.GetMigrations().Contains(expected.Schema))
                throw new BackupException($"The backup is of a newer version of SensorDash (schema {expected.Schema}), which this one cannot read. Install that version first.");
        }
        var restore = new TimescaleRestore(database, options.Value.Database, clock);
        try
        {
            var server = await restore.BeginAsync(expected.Timescale, replaces, cancellationToken);
            await Tools.CheckAsync(PostgresTools.Restore, server, cancellationToken);
            await restore.LoadAsync(Tools, path, expected.Timescale is not null, cancellationToken);
            await using (var connection = await OpenAsync(restore.ConnectionString, cancellationToken))
            {
                if (expected.FindDifference(await ReadAsync(connection, cancellationToken)) is { } difference) throw new BackupException($"The restored database is not what the manifest says: {difference}.");
            }
            await restore.FinishAsync(cancellationToken);
            return restore;
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            await restore.DisposeAsync();
            throw e is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } denied
                ? new BackupException($"Role {options.Value.User} cannot restore: {denied.MessageText}. It must be allowed to create databases and, with TimescaleDB, be a superuser; docs/operations.md says more.", e)
                : TimescaleErrors.Translate(e, cancellationToken);
        }
        catch
        {
            await restore.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection without limits of time: the snapshot lives as long as pg_dump reads it.</summary>
    internal static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = TimescaleRestore.ApplicationName }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SET idle_in_transaction_session_timeout = 0", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal static async Task<List<string>> TextsAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var texts = new List<string>();
        while (await rows.ReadAsync(cancellationToken)) texts.Add(rows.GetString(0));
        return texts;
    }

    // Every row, as the connection's snapshot has it.
    private static async Task<BackupContents> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var sums = new TableSums();
        sums.DefineLarge();
        foreach (var table in await TextsAsync(
            connection, "SELECT relname::text FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind IN ('r', 'p') ORDER BY 1", cancellationToken))
        {
            if (TableSums.Large.Contains(table)) continue;
            sums.Define(table);
            await using var command = new NpgsqlCommand($"SELECT t::text FROM \"{table}\" t", connection);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken)) sums.Add(table, rows.GetString(0));
        }
        await TimescaleRangeReader.VisitReadingsAsync(connection, TransferRange.All, sums.Add, cancellationToken);
        await TimescaleRangeReader.VisitEventsAsync(connection, TransferRange.All, sums.Add, cancellationToken);
        var (readings, events) = (await LogAsync("SELECT row_count, rows_hash FROM ingest_batches"), await LogAsync("SELECT event_count, rows_hash FROM event_batches UNION ALL SELECT -removed_events, -removed_events_hash FROM store_info"));
        return new(
            (await TextsAsync(connection, "SELECT max(\"MigrationId\") FROM \"__EFMigrationsHistory\"", cancellationToken)).Single(),
            (await TextsAsync(connection, "SELECT epoch::text FROM store_info", cancellationToken)).Single(), sums.Result, sums.FindDoubt(new(readings.Rows, readings.Hash, events.Rows, events.Hash)))
        {
            Timescale = (await TextsAsync(connection, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'", cancellationToken)).SingleOrDefault(),
        };

        async Task<(long Rows, long Hash)> LogAsync(string sql)
        {
            var (count, hash) = (0L, 0L);
            await using var command = new NpgsqlCommand(sql, connection);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken)) (count, hash) = (count + Convert.ToInt64(rows.GetValue(0), System.Globalization.CultureInfo.InvariantCulture), unchecked(hash + rows.GetInt64(1)));
            return (count, hash);
        }
    }
}
