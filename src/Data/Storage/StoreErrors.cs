using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;

namespace SensorDash.Data.Storage;

/// <summary>Errors of any engine's driver, for code that must not know which engine it is.</summary>
public static class StoreErrors
{
    /// <summary>Whether an error, or one inside it, only says that the store cannot be used just now.</summary>
    public static bool IsUnavailable(Exception? error) => SqliteDatabase.IsUnavailable(error) || TimescaleDatabase.IsUnavailable(error);
}
