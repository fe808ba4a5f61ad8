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

    /// <summary>Waits until DuckDB has all rows that the store has now.</summary>
    /// <returns>The batch of the last one; null when DuckDB cannot catch up soon.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long?> TryCatchUpAsync(CancellationToken cancellationToken);

    /// <summary>Opens a connection for one query.</summary>
    /// <param name="batch">A batch that DuckDB had. If the file is being reopened, the call waits.</param>
    /// <param name="cancellationToken">Cancels the waiting, and later the query.</param>
    /// <returns>Null when DuckDB no longer has the batch.</returns>
    /// <exception cref="StoreUnavailableException">The file is closed or unusable.</exception>
    Task<DuckDbReader?> TryConnectAsync(long batch, CancellationToken cancellationToken);
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
    public Task<long?> TryCatchUpAsync(CancellationToken cancellationToken) => Task.FromResult<long?>(0);

    /// <inheritdoc/>
    public Task<DuckDbReader?> TryConnectAsync(long batch, CancellationToken cancellationToken) => Task.FromResult<DuckDbReader?>(file.ConnectReader(cancellationToken));
}
