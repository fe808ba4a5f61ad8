namespace SensorDash.Data.Storage;

/// <summary>Tells people about a store.</summary>
public interface IStoreReporter
{
    /// <summary>What the store is and how large; cheap enough to be asked every few seconds.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<StoreReport> ReadAsync(CancellationToken cancellationToken);

    /// <summary>What this edition of the store cannot do that another can, for people; null when nothing is amiss.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<string?> ReadLimitationAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}

/// <summary>What a store is and how it is doing.</summary>
/// <param name="Engine">Its name, such as SQLite.</param>
/// <param name="Edition">Which kind of it, where there are several.</param>
/// <param name="Version">The engine's own.</param>
/// <param name="Place">File, or host and database.</param>
/// <param name="SizeBytes">On disk, logs included.</param>
public sealed record StoreReport(string Engine, string? Edition, string Version, string Place, long SizeBytes)
{
    /// <summary>Connections; null when there is no pool.</summary>
    public PoolUse? Pool { get; init; }

    /// <summary>Parts that the readings are divided into; null when they are one table.</summary>
    public PartUse? Parts { get; init; }

    /// <summary>What it does by itself, and what this edition cannot do, for people.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <param name="Busy">Connections in use.</param>
/// <param name="Idle">Connections open and free; null when the driver does not tell.</param>
/// <param name="Max">Most connections.</param>
public sealed record PoolUse(int Busy, int? Idle, int Max);

/// <param name="Kind">What a part is called: month, chunk.</param>
/// <param name="Count">Parts.</param>
/// <param name="Compressed">Those that are compressed.</param>
/// <param name="CompressionRatio">Size before over size after, of the compressed ones; null when there are none.</param>
public sealed record PartUse(string Kind, int Count, int Compressed, double? CompressionRatio);
