using System.Globalization;
using Microsoft.Extensions.Options;
using SensorDash.Data.Backup;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>Backups of a DuckDB store of readings. DuckDB copies a snapshot itself: nothing else in this process may open its file.</summary>
public sealed class DuckDbBackup(DuckDbReadingFile file, IOptions<ReadingsOptions> options, TimeProvider clock) : IBackupStore
{
    private const string LogEnding = ".wal";

    private static readonly string[] _small = ["followers", "ingest_batches", "nodes", "store_state"];

    public string Engine => "duckdb";

    public string FileName => "readings.duckdb";

    public string Name => file.Path;

    public Task<long> EstimateAsync(CancellationToken cancellationToken) => Task.FromResult(FileSize.Of(file.Path, file.Path + LogEnding));

    /// <inheritdoc/>
    public async Task<BackupContents> CopyAsync(string path, Action<double> progress, CancellationToken cancellationToken)
    {
        await Task.Run(() => Copy(path, cancellationToken), cancellationToken); // One statement, which blocks its thread.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        progress(1);
        return await ReadAsync(path, cancellationToken);
    }

    private void Copy(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = file.Connect(out _, cancellationToken);
            connection.Execute($"ATTACH '{path.Replace("'", "''", StringComparison.Ordinal)}' AS backup", cancellationToken);
            try
            {
                using var transaction = connection.BeginTransaction(cancellationToken);
                connection.Execute($"COPY FROM DATABASE \"{connection.Scalar<string>("SELECT current_database()", cancellationToken)}\" TO backup", cancellationToken);
                transaction.Commit();
                connection.Execute("CHECKPOINT backup", cancellationToken);
            }
            finally
            {
                connection.Execute("DETACH backup", CancellationToken.None);
            }
        }
        catch (DuckDbException e)
        {
            throw file.Translate(e);
        }
    }

    public async Task VerifyAsync(string path, BackupContents expected, CancellationToken cancellationToken)
    {
        if (expected.FindDifference(await ReadAsync(path, cancellationToken)) is { } difference) throw new BackupException($"{path} is not what its manifest says: {difference}.");
    }

    /// <inheritdoc/>
    public async Task<IPreparedRestore> PrepareRestoreAsync(string path, BackupContents expected, bool replaces, CancellationToken cancellationToken)
    {
        if (expected.Schema != DuckDbStoreSchema.Format.ToString(CultureInfo.InvariantCulture))
            throw new BackupException($"The backup is of another version of SensorDash (format {expected.Schema} of DuckDB stores, this version reads {DuckDbStoreSchema.Format}). Install that version first.");
        ThrowIfTaken(replaces);
        var restore = new Prepared(file.Path, clock);
        try
        {
            await restore.CopyAsync(path, cancellationToken);
            await VerifyAsync(restore.Temporary, expected, cancellationToken);
            restore.RenewEpoch(cancellationToken);
            return restore;
        }
        catch (DuckDbException e)
        {
            await restore.DisposeAsync();
            throw new BackupException($"The readings cannot be restored: {e.Message}", e);
        }
        catch
        {
            await restore.DisposeAsync();
            throw;
        }
    }

    private void ThrowIfTaken(bool replaces)
    {
        if (!File.Exists(file.Path)) return;
        if (!replaces) throw new BackupException($"{file.Path} is a store of readings already. With --replace it is set aside under another name, and the backup takes its place.");
        try
        {
            DuckDbDatabase.Open(file.Path, new() { IsReadOnly = true }).Dispose();
        }
        catch (DuckDbException e) when (e.Kind == DuckDbErrorKind.Locked)
        {
            throw new BackupException($"{file.Path} is in use by another process. Stop it first.", e);
        }
        catch (DuckDbException)
        {
            // A damaged file is what a restore is for.
        }
    }

    private async Task<BackupContents> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var copy = DuckDbTransfer.Open(path, options.Value.DuckDb.MemoryLimitMiB, options.Value.DuckDb.Threads, isReadOnly: true, clock);
            var sums = new TableSums();
            var (epoch, log) = await copy.ReadAsync(connection => ReadSmallTables(connection, sums, cancellationToken), cancellationToken);
            await sums.AddAsync(new DuckDbRangeReader(copy), withEvents: false, cancellationToken);
            return new(DuckDbStoreSchema.Format.ToString(CultureInfo.InvariantCulture), epoch, sums.Result, sums.FindDoubt(log));
        }
        catch (StoreUnavailableException e)
        {
            throw new BackupException($"{path} is damaged: {e.Message}", e);
        }
    }

    private static (string Epoch, StoreSums Log) ReadSmallTables(DuckDbConnection connection, TableSums sums, CancellationToken cancellationToken)
    {
        foreach (var table in _small)
        {
            sums.Define(table);
            using var rows = connection.Query($"SELECT t::VARCHAR FROM {table} t", cancellationToken);
            while (rows.Read()) sums.Add(table, rows.Get<string>(0));
        }
        var (count, hash) = (0L, 0L);
        using (var batches = connection.Query("SELECT row_count, rows_hash FROM ingest_batches", cancellationToken))
            while (batches.Read()) (count, hash) = (count + batches.Get<long>(0), unchecked(hash + batches.Get<long>(1)));
        return (connection.Scalar<string>("SELECT epoch FROM store_state", cancellationToken), new(count, hash, 0, 0));
    }

    // A copy beside the store that takes its name.
    private sealed class Prepared(string path, TimeProvider clock) : IPreparedRestore
    {
        public string Temporary => path + ".restoring";

        public async Task CopyAsync(string source, CancellationToken cancellationToken)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DeleteTemporary();
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read);
            await using var to = new FileStream(Temporary, options);
            await from.CopyToAsync(to, cancellationToken);
        }

        public void RenewEpoch(CancellationToken cancellationToken)
        {
            using (var database = DuckDbDatabase.Open(Temporary, new()))
            using (var connection = database.Connect())
                connection.Execute("UPDATE store_state SET epoch = left(replace(uuid()::VARCHAR, '-', ''), 8); CHECKPOINT", cancellationToken);
            DurableFile.Sync(Temporary);
        }

        public Task<string?> CommitAsync()
        {
            // Also a log alone: DuckDB would apply it to the restored file.
            string? aside = null;
            if (File.Exists(path)) aside = FileAside.Move(path, clock, LogEnding);
            else if (File.Exists(path + LogEnding)) FileAside.Move(path + LogEnding, clock);
            File.Move(Temporary, path);
            DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
            return Task.FromResult(aside);
        }

        public ValueTask DisposeAsync()
        {
            DeleteTemporary();
            return ValueTask.CompletedTask;
        }

        private void DeleteTemporary()
        {
            File.Delete(Temporary);
            File.Delete(Temporary + LogEnding);
        }
    }
}
