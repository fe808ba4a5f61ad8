namespace SensorDash.Data.Storage;

/// <summary>The store refused the data itself. Permanent: sending the same rows again gives the same answer.</summary>
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
