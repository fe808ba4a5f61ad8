namespace SensorDash.Data.Storage;

/// <summary>Translates errors of the database's driver. Stores translate their own errors; EF Core throws untranslated ones.</summary>
public interface IStoreErrors
{
    /// <summary>The product's exception for an error of the driver; the error itself when there is no better one, or when it is of something else.</summary>
    Exception Translate(Exception error);
}

public static class StoreErrors
{
    /// <summary>Whether an error, or an inner error, means that the store is unavailable.</summary>
    public static bool IsUnavailable(this IStoreErrors errors, Exception? error) => errors.FindUnavailable(error) is not null;

    /// <summary>The error, or an inner error, that means that the store is unavailable; null when there is none.</summary>
    public static StoreUnavailableException? FindUnavailable(this IStoreErrors errors, Exception? error) => error switch
    {
        null => null,
        StoreUnavailableException found => found,
        _ when errors.Translate(error) is StoreUnavailableException found => found,
        _ => errors.FindUnavailable(error.InnerException),
    };
}
