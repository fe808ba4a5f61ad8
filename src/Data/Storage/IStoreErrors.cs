using System.Data.Common;

namespace SensorDash.Data.Storage;

/// <summary>What errors of the database's driver mean. Stores translate them themselves; what goes through EF Core gives them as they are.</summary>
public interface IStoreErrors
{
    /// <summary>The product's exception for an error of the driver; the error itself when nothing better is known of it.</summary>
    Exception Translate(DbException error);
}

public static class StoreErrors
{
    /// <summary>Whether an error, or one inside it, only says that the store cannot be used just now.</summary>
    public static bool IsUnavailable(this IStoreErrors errors, Exception? error) => error switch
    {
        null => false,
        StoreUnavailableException => true,
        DbException driver => errors.Translate(driver) is StoreUnavailableException,
        _ => errors.IsUnavailable(error.InnerException),
    };
}
