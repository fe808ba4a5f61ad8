namespace SensorDash.Data.Storage;

/// <summary>Checks whether the store of readings works.</summary>
public interface IStoreHealth
{
    /// <summary>Checks at low cost that the store can be read and written, by reading and writing.</summary>
    /// <exception cref="StoreDamagedException">It is damaged, or a query found damage since startup.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be read or written.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
