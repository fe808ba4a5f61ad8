namespace SensorDash.Data.Storage;

/// <summary>The store fails for a reason that neither time nor other rows remove, such as a missing table; an administrator must fix it.</summary>
public sealed class StoreFaultException : Exception
{
    public StoreFaultException()
    {
    }

    public StoreFaultException(string message)
        : base(message)
    {
    }

    public StoreFaultException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
