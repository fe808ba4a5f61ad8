namespace SensorDash.Data.Storage;

/// <summary>The store cannot be reached or is locked just now. Transient: the same call may be made again unchanged.</summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException()
    {
    }

    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    public StoreUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
