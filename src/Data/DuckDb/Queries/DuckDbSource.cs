using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Queries;

/// <summary>The DuckDB file for analytics queries: the side path, or the store itself.</summary>
public interface IDuckDbSource
{
    /// <summary>Whether queries use DuckDB, without querying the store for the lag.</summary>
    AnalyticsState State { get; }

    /// <summary>The lag as last measured, with the current age; null when there is no store to be behind. For metrics, which cannot
    /// wait for the store.</summary>
    (long Rows, double Seconds)? Lag { get; }

    /// <summary>Its current state.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<AnalyticsStatus> ReadStatusAsync(CancellationToken cancellationToken);

    /// <summary>Rebuilds the side path from the store; does nothing when there is none. Returns immediately.</summary>
    void Rebuild();

    /// <summary>Reports that a query failed: the file may be corrupt in a part that was not read before.</summary>
    void QueryFailed(StoreUnavailableException error);

    /// <summary>DuckDB with all rows of the store, or null when it cannot catch up soon.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<DuckDbAccess?> TryGetCurrentAsync(CancellationToken cancellationToken);
}

/// <summary>DuckDB as the store: no lag, nothing to rebuild.</summary>
internal sealed class DuckDbStoreSource(DuckDbReadingFile file) : IDuckDbSource
{
    /// <inheritdoc/>
    public AnalyticsState State => AnalyticsState.Ready;

    /// <inheritdoc/>
    public (long Rows, double Seconds)? Lag => null;

    /// <inheritdoc/>
    public Task<AnalyticsStatus> ReadStatusAsync(CancellationToken cancellationToken) => Task.FromResult(new AnalyticsStatus(State, null, 0, 0, 0));

    /// <inheritdoc/>
    public void Rebuild()
    {
    }

    /// <inheritdoc/>
    public void QueryFailed(StoreUnavailableException error)
    {
    }

    /// <inheritdoc/>
    public Task<DuckDbAccess?> TryGetCurrentAsync(CancellationToken cancellationToken) => Task.FromResult<DuckDbAccess?>(file.Access(cancellationToken));
}
