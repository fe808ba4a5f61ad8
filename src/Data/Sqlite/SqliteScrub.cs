using SensorDash.Data.Scrub;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite;

/// <summary>SQLite files in a scrub.</summary>
public static class SqliteScrub
{
    /// <summary>Opens a file read-only, also beside a running server.</summary>
    /// <exception cref="TransferException">It cannot be read, or is a file of another program.</exception>
    public static OpenScrub Open(string path, TimeProvider clock)
    {
        var file = SqliteSourceFile.Open(path, isQuiet: false);
        var database = file.OpenDatabase();
        return new(Of(database, new SqliteEventStore(database, new(), clock)), new SqliteScrubClaim(file.Path), database, file);
    }

    /// <summary>The parts of a database.</summary>
    internal static ScrubSources Of(SqliteDatabase database, SqliteEventStore events)
        => new([new SqliteCheck(database)], new SqliteReadingScrub(database), null, events, new SqliteEventScrub(database));
}
