using Microsoft.Data.Sqlite;

namespace SensorDash.Data.Sqlite;

/// <summary>A release of SQLite, and whether a file that several connections use is safe with it.</summary>
public sealed record SqliteVersion(Version Number)
{
    /// <summary>The SQLite that this process has loaded.</summary>
    public static SqliteVersion Loaded { get; } = new(LoadedNumber());

    /// <summary>Why a database must not be opened with this release; null when it may be.</summary>
    /// <remarks>The WAL-reset bug, https://sqlite.org/wal.html: two connections that write or checkpoint at the same moment can corrupt the file.</remarks>
    public string? Problem => HasWalResetBug(Number)
        ? $"SQLite must not have the WAL-reset bug, which can corrupt the database, but {Number} has it. Use 3.51.3 or later, 3.50.7, or 3.44.6."
        : null;

    private static bool HasWalResetBug(Version number) => (number.Major, number.Minor, number.Build) switch
    {
        (3, 44, >= 6) or (3, 50, >= 7) or (3, 51, >= 3) => false, // The releases that have the fix of a later one.
        (3, >= 7 and <= 51, _) => true, // 3.7.0 brought WAL.
        _ => false,
    };

    private static Version LoadedNumber()
    {
        using var connection = new SqliteConnection();
        return Version.Parse(connection.ServerVersion);
    }
}
