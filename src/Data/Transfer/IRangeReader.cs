using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Receives some rows; it must not keep the memory.</summary>
public delegate void VisitRows<TRow>(ReadOnlySpan<TRow> rows);

/// <summary>Reads all rows of a range of time in whatever order the engine has them: no row is sorted or looked up by itself.</summary>
public interface IRangeReader
{
    /// <summary>Where a page of readings ends.</summary>
    /// <param name="range">Measured times.</param>
    /// <param name="limit">Maximum rows before that time; more only if they are of one second.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken);

    /// <summary>Hands over all readings of a range, some at a time.</summary>
    /// <param name="range">Measured times.</param>
    /// <param name="visit">Receives each reading once.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable; some rows may have been handed over.</exception>
    Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken);

    /// <summary>Hands over all events of a range, some at a time.</summary>
    /// <param name="range">Canonical times.</param>
    /// <inheritdoc cref="VisitReadingsAsync"/>
    Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken);
}
