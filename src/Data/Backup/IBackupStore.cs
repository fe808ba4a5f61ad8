using SensorDash.Data.Storage;

namespace SensorDash.Data.Backup;

/// <summary>A store of the settings, as backups see it.</summary>
public interface IBackupStore
{
    /// <summary>sqlite, duckdb or postgresql.</summary>
    string Engine { get; }

    /// <summary>Name of its copy in a backup.</summary>
    string FileName { get; }

    /// <summary>The file, or database and host; never a password.</summary>
    string Name { get; }

    /// <summary>About how many bytes a copy takes.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long> EstimateAsync(CancellationToken cancellationToken);

    /// <summary>Copies the store as of one moment, while it is written to, and checks the copy.</summary>
    /// <param name="path">The copy; no such file exists.</param>
    /// <param name="progress">Receives the share that is copied, 0 to 1.</param>
    /// <param name="cancellationToken">Cancels it; the file stays unfinished.</param>
    /// <exception cref="BackupException">The copy is damaged, or what it needs is missing.</exception>
    /// <exception cref="StoreUnavailableException">The store, or the disk of the copy, is temporarily unavailable.</exception>
    Task<BackupContents> CopyAsync(string path, Action<double> progress, CancellationToken cancellationToken);

    /// <summary>Checks a copy whose bytes are known to be the right ones.</summary>
    /// <exception cref="BackupException">It is damaged.</exception>
    Task VerifyAsync(string path, BackupContents expected, CancellationToken cancellationToken);

    /// <summary>Brings a copy to where the store is, under a temporary name, compares its rows and gives it a new epoch. The store stays as it is until the commit.</summary>
    /// <param name="path">The copy.</param>
    /// <param name="expected">What it holds.</param>
    /// <param name="replaces">Whether a store that is there may be set aside.</param>
    /// <param name="cancellationToken">Cancels it; nothing is changed.</param>
    /// <exception cref="BackupException">The store must not be replaced, or is in use; the copy is damaged, or of a newer version.</exception>
    /// <exception cref="StoreUnavailableException">The store, or its disk, is temporarily unavailable.</exception>
    Task<IPreparedRestore> PrepareRestoreAsync(string path, BackupContents expected, bool replaces, CancellationToken cancellationToken);
}

/// <summary>A store that is ready to take its name. When it is disposed without a commit, nothing is left of it.</summary>
public interface IPreparedRestore : IAsyncDisposable
{
    /// <summary>Sets aside what is there, and gives the restored store its name.</summary>
    /// <returns>Where the former store is now; null if there was none.</returns>
    /// <exception cref="BackupException">It cannot be renamed.</exception>
    Task<string?> CommitAsync();
}
