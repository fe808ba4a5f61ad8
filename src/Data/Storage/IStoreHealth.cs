namespace SensorDash.Data.Storage;

/// <summary>Tells whether the store of the readings works.</summary>
public interface IStoreHealth
{
    /// <summary>Proves that the store can be read and written, cheaply.</summary>
    /// <exception cref="StoreUnavailableException">It cannot.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
