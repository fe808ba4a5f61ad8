using SensorDash.Data.Storage;

namespace SensorDash.Data.Scrub;

/// <summary>Lets one scrub of a store read at a time: the server's for each of its steps, a command for its whole pass.</summary>
public interface IScrubClaim
{
    /// <summary>Claims the store until the result is disposed.</summary>
    /// <returns>Null while another scrub reads.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IAsyncDisposable?> TryAsync(CancellationToken cancellationToken);
}
