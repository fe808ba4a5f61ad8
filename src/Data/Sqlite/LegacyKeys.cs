using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Transfer;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>The rows of a former system that are carried over, in the order of time: a temporary file with their times and row ids.</summary>
/// <remarks>Former systems keep rows in the order of arrival, and one id may occur in several lanes. The file is gone with the transfer; the next attempt makes it again.</remarks>
internal sealed class LegacyKeys : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sensordash-transfer-");
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, sqlite3_stmt> _statements = [];

    public LegacyKeys()
    {
        _connection = new(new SqliteConnectionStringBuilder { DataSource = Path.Combine(_folder.FullName, "keys.db"), Pooling = false }.ToString());
        _connection.Open();
        Execute("""
            PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; PRAGMA locking_mode=EXCLUSIVE;
            CREATE TABLE readings (time INTEGER, node INTEGER, row INTEGER, PRIMARY KEY (time, node)) WITHOUT ROWID;
            CREATE TABLE events (time INTEGER, lane INTEGER, row INTEGER, PRIMARY KEY (time, lane, row)) WITHOUT ROWID;
            CREATE TABLE ids (id BLOB PRIMARY KEY, parts INTEGER) WITHOUT ROWID;
            CREATE TABLE requests (scope TEXT, request TEXT, PRIMARY KEY (scope, request)) WITHOUT ROWID;
            BEGIN
            """);
    }

    /// <summary>False if the key is there already.</summary>
    public bool TryAddReading(long time, int node, long row) => Run("INSERT INTO readings VALUES (?, ?, ?) ON CONFLICT DO NOTHING", time, node, row);

    public void AddEvent(long time, Lane lane, long row) => Run("INSERT INTO events VALUES (?, ?, ?)", time, (long)lane, row);

    /// <summary>False if the id is there already; then <paramref name="isSame"/> tells whether it is of the same event.</summary>
    public bool TryAddId(LaneEvent laneEvent, out bool isSame)
    {
        var (id, parts) = (laneEvent.Id.ToArray(), laneEvent.ComputePartsCheck());
        var insert = Statement("INSERT INTO ids VALUES (?, ?) ON CONFLICT DO NOTHING");
        raw.sqlite3_bind_blob(insert, 1, id);
        raw.sqlite3_bind_int64(insert, 2, parts);
        isSame = false;
        if (Done(insert)) return true;
        var find = Statement("SELECT parts FROM ids WHERE id = ?");
        raw.sqlite3_bind_blob(find, 1, id);
        raw.sqlite3_step(find);
        isSame = raw.sqlite3_column_int64(find, 0) == parts;
        raw.sqlite3_reset(find);
        return false;
    }

    /// <summary>False if the scope has this request already.</summary>
    public bool TryAddRequest(string scope, string request)
    {
        var insert = Statement("INSERT INTO requests VALUES (?, ?) ON CONFLICT DO NOTHING");
        raw.sqlite3_bind_text(insert, 1, scope);
        raw.sqlite3_bind_text(insert, 2, request);
        return Done(insert);
    }

    /// <summary>Row ids of readings of a range, by time.</summary>
    public List<(long Time, long Row)> Readings(TransferRange range, int limit)
        => Select("SELECT time, row, 0 FROM readings WHERE time >= ? AND time < ? ORDER BY time, node LIMIT ?", range, limit).ConvertAll(k => (k.Time, k.Row));

    /// <summary>Lanes and row ids of events of a range, by time.</summary>
    public List<(long Time, long Row, Lane Lane)> Events(TransferRange range, int limit)
        => Select("SELECT time, row, lane FROM events WHERE time >= ? AND time < ? ORDER BY time, lane, row LIMIT ?", range, limit);

    public long Count(string table)
    {
        var count = Statement($"SELECT count(*) FROM {table}");
        raw.sqlite3_step(count);
        var rows = raw.sqlite3_column_int64(count, 0);
        raw.sqlite3_reset(count);
        return rows;
    }

    private List<(long Time, long Row, Lane Lane)> Select(string sql, TransferRange range, int limit)
    {
        var select = Statement(sql);
        raw.sqlite3_bind_int64(select, 1, range.From);
        raw.sqlite3_bind_int64(select, 2, range.To);
        raw.sqlite3_bind_int(select, 3, limit);
        var keys = new List<(long, long, Lane)>();
        while (raw.sqlite3_step(select) == raw.SQLITE_ROW)
            keys.Add((raw.sqlite3_column_int64(select, 0), raw.sqlite3_column_int64(select, 1), (Lane)raw.sqlite3_column_int(select, 2)));
        raw.sqlite3_reset(select);
        return keys;
    }

    private bool Run(string sql, params ReadOnlySpan<long> values)
    {
        var statement = Statement(sql);
        for (var i = 0; i < values.Length; i++) raw.sqlite3_bind_int64(statement, i + 1, values[i]);
        return Done(statement);
    }

    private bool Done(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE) throw new TransferException($"The temporary folder {_folder.FullName} has no room: {raw.sqlite3_errmsg(_connection.Handle).utf8_to_string()}");
        return raw.sqlite3_changes(_connection.Handle) > 0;
    }

    private sqlite3_stmt Statement(string sql)
    {
        if (_statements.TryGetValue(sql, out var known)) return known;
        raw.sqlite3_prepare_v2(_connection.Handle, sql, out var statement);
        return _statements[sql] = statement;
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _connection.Dispose();
        _folder.Delete(recursive: true);
    }
}
