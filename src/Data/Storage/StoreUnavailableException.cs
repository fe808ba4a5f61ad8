namespace SensorDash.Data.Storage;

/// <summary>The store is temporarily unavailable or locked. Transient: retry the same call unchanged.</summary>
public class StoreUnavailableException : Exception
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
