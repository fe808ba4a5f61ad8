using Microsoft.Data.Sqlite;

namespace SensorDash.Data.Sqlite;

/// <summary>Whether the tables of the former event store have each id once, by their own indexes: then no list of all ids is needed, whose order is random.</summary>
internal static class LegacyIds
{
    /// <param name="connection">The file.</param>
    /// <param name="tables">The tables of the lanes.</param>
    /// <param name="cancellationToken">Cancels it between two queries.</param>
    /// <returns>False also where an id is written with capitals, which may be the same as another one without, and where a table has no unique index.</returns>
    public static bool AreUnique(SqliteConnection connection, IReadOnlyList<string> tables, CancellationToken cancellationToken)
    {
        for (var i = 0; i < tables.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Is(connection, HasUniqueIndex(tables[i])) || Is(connection, $"SELECT EXISTS (SELECT 1 FROM {tables[i]} WHERE eventId <> lower(eventId))")) return false;
            foreach (var other in tables.Take(i))
            {
                // The shorter one is read, and the index of the longer one searched in its order.
                var (shorter, longer) = Is(connection, $"SELECT (SELECT count(*) FROM {tables[i]}) < (SELECT count(*) FROM {other})") ? (tables[i], other) : (other, tables[i]);
                if (Is(connection, $"SELECT EXISTS (SELECT 1 FROM {shorter} s WHERE EXISTS (SELECT 1 FROM {longer} l WHERE l.eventId = s.eventId))")) return false;
            }
        }
        return true;
    }

    // An index of the whole table on the id alone, which tells every two texts apart.
    private static string HasUniqueIndex(string table) => $"""
        SELECT EXISTS (SELECT 1 FROM pragma_index_list('{table}') i WHERE i."unique" = 1 AND i.partial = 0
            AND (SELECT group_concat(lower(x.name) || ' ' || x.coll) FROM pragma_index_xinfo(i.name) x WHERE x.key = 1) = 'eventid BINARY')
        """;

    private static bool Is(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()! == 1;
    }
}
