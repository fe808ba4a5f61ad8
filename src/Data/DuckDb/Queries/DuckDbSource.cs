using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Queries;

/// <summary>The DuckDB file that answers analytics: beside the store, or the store itself.</summary>
public interface IDuckDbSource
{
    /// <summary>Whether DuckDB answers, without asking the store how far behind it is.</summary>
    AnalyticsState State { get; }

    /// <summary>How far behind it was when last looked at, the age as of now; null when there is nothing to be behind. For metrics, which cannot
    /// wait for the store.</summary>
    (long Rows, double Seconds)? Lag { get; }

    /// <summary>How it is doing now.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<AnalyticsStatus> ReadStatusAsync(CancellationToken cancellationToken);

    /// <summary>Throws a derived file away and fills it again from the store; does nothing when there is none. Returns at once.</summary>
    void Rebuild();

    /// <summary>Tells that a question failed: the file may be damaged where nobody has looked before.</summary>
    void QueryFailed(StoreUnavailableException error);

    /// <summary>DuckDB with everything in it that the store has now, or null when that cannot be had soon.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<DuckDbAccess?> TryGetCurrentAsync(CancellationToken cancellationToken);
}

/// <summary>DuckDB as the store: never behind, nothing to rebuild.</summary>
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
