namespace SensorDash.Data.Storage;

/// <summary>The store rejected the data. Permanent: the same rows are rejected again.</summary>
public sealed class StoreRejectedException : Exception
{
    public StoreRejectedException()
    {
    }

    public StoreRejectedException(string message)
        : base(message)
    {
    }

    public StoreRejectedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
