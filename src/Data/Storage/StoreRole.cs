namespace SensorDash.Data.Storage;

/// <summary>What a store is for.</summary>
public enum StoreRole
{
    /// <summary>It takes data. Every new store is one.</summary>
    Primary,

    /// <summary>It follows a primary, and takes nothing else.</summary>
    Secondary,

    /// <summary>Its data is in another store now; it takes nothing.</summary>
    Retired,
}

/// <summary>What a role is about: readings can move to a store of their own, while names and events stay.</summary>
public enum StoreScope
{
    /// <summary>The whole store.</summary>
    All,

    /// <summary>Its readings. A DuckDB store has nothing else.</summary>
    Readings,
}

/// <summary>The role of a store.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Successor">Of a secondary or retired store: where the data is now. Of a primary: its secondary, which may succeed it; null if it has none. An address such as
/// <c>duckdb:/data/readings.duckdb</c>, never a password.</param>
/// <param name="PromotedAt">When a cut-over made it the primary, Unix microseconds; null if it always was, or is again.</param>
public sealed record StoreState(StoreRole Role, string? Successor, long? PromotedAt = null);

/// <summary>The roles of a store, kept in the store itself, so that old settings cannot split its history.</summary>
public interface IStoreRoles
{
    /// <summary>Reads a role.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<StoreState> ReadAsync(StoreScope scope, CancellationToken cancellationToken);

    /// <summary>Changes a role in a transaction of its own.</summary>
    /// <param name="scope">What the role is about.</param>
    /// <param name="state">The new role.</param>
    /// <param name="epoch">The epoch of the store from which this one takes over, so that live streams of events go on; null: the epoch stays.</param>
    /// <param name="cancellationToken">Effective until the commit is sent.</param>
    /// <exception cref="StoreUnavailableException">Nothing is changed.</exception>
    Task WriteAsync(StoreScope scope, StoreState state, string? epoch, CancellationToken cancellationToken);

    /// <summary>The epoch of the store's history.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<string> ReadEpochAsync(CancellationToken cancellationToken);
}
