namespace SensorDash.Data.Storage;

/// <summary>What an engine must do, and can find wrong, before anything uses the store.</summary>
public interface IStoreStartup
{
    /// <summary>The database, as messages name it.</summary>
    string Name { get; }

    /// <summary>Makes sure that the store is there and that this process may have it. The first thing that touches it.</summary>
    /// <exception cref="StoreStartupException">It may not; the message says why and what to do.</exception>
    Task ClaimAsync(CancellationToken cancellationToken);

    /// <summary>Follows the settings that need no migration. The schema is current by then.</summary>
    Task ApplySettingsAsync(CancellationToken cancellationToken);

    /// <summary>One line for an error of the driver on the way, with what to do; null for an error of any other kind.</summary>
    string? Explain(Exception error);
}

/// <summary>The store cannot be had; the message says why and what to do.</summary>
public sealed class StoreStartupException : Exception
{
    public StoreStartupException()
    {
    }

    public StoreStartupException(string message)
        : base(message)
    {
    }

    public StoreStartupException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
