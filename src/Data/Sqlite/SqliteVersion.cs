using Microsoft.Data.Sqlite;

namespace SensorDash.Data.Sqlite;

/// <summary>A release of SQLite, and whether it is safe for a file with several connections.</summary>
public sealed record SqliteVersion(Version Number)
{
    /// <summary>The SQLite library of this process.</summary>
    public static SqliteVersion Loaded { get; } = new(LoadedNumber());

    /// <summary>The reason why this release must not open a database; null when it may.</summary>
    /// <remarks>The WAL-reset bug, https://sqlite.org/wal.html: two connections that write or checkpoint at the same moment can corrupt the file.</remarks>
    public string? Problem => HasWalResetBug(Number)
        ? $"SQLite must not have the WAL-reset bug, which can corrupt the database, but {Number} has it. Use 3.51.3 or later, 3.50.7, or 3.44.6."
        : null;

    private static bool HasWalResetBug(Version number) => (number.Major, number.Minor, number.Build) switch
    {
        (3, 44, >= 6) or (3, 50, >= 7) or (3, 51, >= 3) => false, // Releases with the backported fix.
        (3, >= 7 and <= 51, _) => true, // 3.7.0 brought WAL.
        _ => false,
    };

    private static Version LoadedNumber()
    {
        using var connection = new SqliteConnection();
        return Version.Parse(connection.ServerVersion);
    }
}
