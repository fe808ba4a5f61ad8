namespace SensorDash.Data.Storage;

/// <summary>The store is unavailable until an administrator has repaired or restored it.</summary>
public sealed class StoreDamagedException : StoreUnavailableException
{
    public StoreDamagedException()
    {
    }

    public StoreDamagedException(string message)
        : base(message)
    {
    }

    public StoreDamagedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
