using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Sqlite.Repair;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>Finds a damaged file at the start, sets it aside, and takes over from it who may do what.</summary>
public sealed class SqliteDamage(SqliteDatabase database, TimeProvider clock)
{
    // A few hundred milliseconds on a memory card. Of a larger file the ends of the tables are read, unless a query has found damage before.
    private const long CheckedWholeBytes = 16L << 20;

    // In the order of their references. Without users and keys nobody could sign in, and no node with a key could send.
    private static readonly string[] _rescued = ["users", "api_keys", "sessions", "protection_keys", "audit_entries"];

    /// <summary>What is wrong with the file; null: nothing was found.</summary>
    public async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        if (FileSize.Of(database.Path) == 0) return null;
        var isSuspect = File.Exists(database.SuspectPath);
        try
        {
            if (database.SyncsEveryCommit && CountBadFrames() is > 0 and var bad) return FormattableString.Invariant($"the write-ahead log has {bad} damaged pages, and SQLite would pass over what was committed after them");
            await using var connection = await database.OpenAsync(cancellationToken);
            KeepLog(connection, isKept: true);
            var found = isSuspect || FileSize.Of(database.Path) <= CheckedWholeBytes ? Check(connection, cancellationToken) : ReadEnds(connection, cancellationToken);
            if (found is null) File.Delete(database.SuspectPath);
            return found;
        }
        catch (StoreDamagedException e)
        {
            return (e.InnerException?.Message ?? e.Message).TrimEnd('.');
        }
        catch (SqliteException e) when (SqliteErrors.Translate(e) is StoreDamagedException damaged)
        {
            return (damaged.InnerException?.Message ?? damaged.Message).TrimEnd('.');
        }
        finally
        {
            RepairedFile.Close(database.Path); // Its connections would keep the file under its new name.
        }
    }

    /// <summary>Renames the file and its logs.</summary>
    /// <returns>What waits for the owner's decision; it is written before the file is renamed, so that a kill loses nothing.</returns>
    public StoreDamage SetAside(string found)
    {
        var damage = new StoreDamage(FileAside.Free(database.Path, clock), found, clock.GetUtcNow().ToUnixTimeSeconds());
        damage.Write(database.Path);
        File.Delete(database.SuspectPath);
        FileAside.MoveTo(damage.Aside, database.Path, SqliteDatabase.Companions);
        return damage;
    }

    /// <summary>Gives the repaired database its name. An interrupted one goes on: each step is done once, and the notice of the damage goes last.</summary>
    public static void CompleteSwap(string path, StoreDamage damage, StoreSwap swap)
    {
        RepairedFile.Close(path);
        if (File.Exists(swap.Next))
        {
            // The lock may have made an empty file in the place of one that has its new name already.
            if (FileSize.Of(path) > 0 && !File.Exists(swap.Former)) File.Move(path, swap.Former);
            foreach (var ending in SqliteDatabase.Companions.Where(ending => File.Exists(path + ending))) File.Move(path + ending, swap.Former + ending, overwrite: true);
            File.Move(swap.Next, path, overwrite: true);
            DurableFile.SyncFolder(System.IO.Path.GetDirectoryName(path)!);
        }
        swap.Result.Write(damage.Aside);
        (swap.Result with { Text = "It took readings from the damage until the repair, which has them all.", Losses = [] }).Write(swap.Former);
        StoreDamage.Forget(path);
    }

    /// <summary>Copies users, keys, sessions and the audit log of the damaged file, as far as they can be read, into the new one.</summary>
    /// <returns>Tables that could not be read.</returns>
    public async Task<IReadOnlyList<string>> RescueAsync(string aside, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        KeepLog(connection, isKept: true);
        string[] lost = [.. _rescued.Where(table => !TryCopy(connection, aside, table))];
        KeepLog(connection, isKept: false); // It goes back to its pool.
        return lost;
    }

    private static bool TryCopy(SqliteConnection connection, string aside, string table)
    {
        try
        {
            Run(connection, $"ATTACH DATABASE '{aside.Replace("'", "''", StringComparison.Ordinal)}' AS damaged");
            try
            {
                var columns = string.Join(", ", Texts(connection, $"SELECT name FROM pragma_table_info('{table}', 'main') INTERSECT SELECT name FROM pragma_table_info('{table}', 'damaged')"));
                if (columns.Length == 0) return false;
                Run(connection, $"INSERT OR IGNORE INTO main.{table} ({columns}) SELECT {columns} FROM damaged.{table}");
                return true;
            }
            finally
            {
                Run(connection, "DETACH DATABASE damaged");
            }
        }
        catch (SqliteException)
        {
            return false; // One statement is all or nothing.
        }
    }

    // A close, or the detaching of a file, would copy its log up to the damage, and delete it.
    private static void KeepLog(SqliteConnection connection, bool isKept)
        => SQLitePCL.raw.sqlite3_db_config(connection.Handle, SQLitePCL.raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, isKept ? 1 : 0, out _);

    private int CountBadFrames()
    {
        using var log = DamagedLog.Find(database.Path);
        return log?.BadFrames ?? 0;
    }

    private static string? Check(SqliteConnection connection, CancellationToken cancellationToken)
    {
        using (SqliteDatabase.StopOn(connection, cancellationToken))
            return Texts(connection, "PRAGMA quick_check(1)") is [var text] && text != "ok" ? text : null;
    }

    private static string? ReadEnds(SqliteConnection connection, CancellationToken cancellationToken)
    {
        using var _ = SqliteDatabase.StopOn(connection, cancellationToken);
        foreach (var table in Texts(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
        {
            var keys = Texts(connection, $"SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk");
            foreach (var direction in keys.Count == 0 ? [] : (string[])["ASC", "DESC"])
                Texts(connection, $"SELECT * FROM \"{table}\" ORDER BY {string.Join(", ", keys.Select(key => $"\"{key}\" {direction}"))} LIMIT 1");
        }
        return null;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read()) texts.Add(Convert.ToString(rows.GetValue(0), CultureInfo.InvariantCulture) ?? "");
        return texts;
    }
}
