namespace SensorDash.Data.Storage;

/// <summary>The store has too few resources for so many rows in one transaction; nothing is stored, and fewer rows may be.</summary>
public sealed class StoreBatchTooLargeException : StoreUnavailableException
{
    public StoreBatchTooLargeException()
    {
    }

    public StoreBatchTooLargeException(string message)
        : base(message)
    {
    }

    public StoreBatchTooLargeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
