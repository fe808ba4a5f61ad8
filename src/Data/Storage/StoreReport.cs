namespace SensorDash.Data.Storage;

/// <summary>Reports on a store for users.</summary>
public interface IStoreReporter
{
    /// <summary>Reads kind and size of the store; cheap enough to call every few seconds.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<StoreReport> ReadAsync(CancellationToken cancellationToken);

    /// <summary>The limitations of this edition, as text for users; null when there are none.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<string?> ReadLimitationAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}

/// <summary>Kind and state of a store.</summary>
/// <param name="Engine">Its name, such as SQLite.</param>
/// <param name="Edition">Its edition, if there are several.</param>
/// <param name="Version">Version of the engine.</param>
/// <param name="Place">Name of the file, or host and database. Clients read it, so it has no folder.</param>
/// <param name="SizeBytes">On disk, logs included.</param>
public sealed record StoreReport(string Engine, string? Edition, string Version, string Place, long SizeBytes)
{
    /// <summary>Connections; null when there is no pool.</summary>
    public PoolUse? Pool { get; init; }

    /// <summary>Partitions of the readings; null when they are one table.</summary>
    public PartUse? Parts { get; init; }

    /// <summary>Automatic policies, and limitations of this edition, as text for users.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <param name="Busy">Connections in use.</param>
/// <param name="Idle">Connections open and free; null when the driver does not report it.</param>
/// <param name="Max">Maximum connections.</param>
public sealed record PoolUse(int Busy, int? Idle, int Max);

/// <param name="Kind">Type of partition: month, chunk.</param>
/// <param name="Count">Partitions.</param>
/// <param name="Compressed">Compressed partitions.</param>
/// <param name="CompressionRatio">Size before over size after, of the compressed partitions; null when there are none.</param>
public sealed record PartUse(string Kind, int Count, int Compressed, double? CompressionRatio);
