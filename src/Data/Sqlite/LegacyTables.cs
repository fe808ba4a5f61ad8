using System.Text;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Data.Transfer.Legacy;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>The tables of a SQLite file, with their columns as they are spelled.</summary>
internal sealed class LegacyTables
{
    private readonly Dictionary<string, string[]> _tables = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyCollection<string> Names => _tables.Keys;

    public static LegacyTables Read(SqliteSourceFile file)
    {
        var tables = new LegacyTables();
        try
        {
            using var connection = new SqliteConnection(file.ConnectionString);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid";
            using var reader = command.ExecuteReader();
            while (reader.Read()) tables._tables[reader.GetString(0)] = [.. tables._tables.GetValueOrDefault(reader.GetString(0), []), reader.GetString(1)];
            return tables;
        }
        catch (SqliteException e)
        {
            throw new TransferException($"{file.Path} cannot be read: {e.Message}", e);
        }
    }

    public bool Has(string table) => _tables.ContainsKey(table);

    public bool Has(string table, string column) => ColumnsOf(table).Contains(column, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> ColumnsOf(string table) => _tables.GetValueOrDefault(table, []);
}

/// <summary>Reads the rows of one table of a former system, in the order of their row ids or one of them.</summary>
internal sealed class LegacyReader : IDisposable
{
    private const ulong MaxSpread = 2; // Rows of the file per row that is asked for.

    private readonly sqlite3 _handle;
    private readonly sqlite3_stmt _all;
    private readonly sqlite3_stmt _one;
    private readonly LegacyRow _row;
    private readonly int _count;

    public LegacyReader(SqliteConnection connection, LegacyTables tables, string table, IEnumerable<string> wanted)
    {
        string[] columns = [.. wanted.Distinct(StringComparer.OrdinalIgnoreCase).Where(column => tables.Has(table, column))];
        _handle = connection.Handle!;
        _count = columns.Length;
        _row = new(table, columns.Select((column, i) => (column, i)).ToDictionary(c => c.column, c => c.i, StringComparer.OrdinalIgnoreCase));
        var select = $"SELECT rowid{string.Concat(columns.Select(c => $", \"{c.Replace("\"", "\"\"", StringComparison.Ordinal)}\""))} FROM \"{table}\"";
        _all = Prepare(select + " WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?");
        _one = Prepare(select + " WHERE rowid = ?");
    }

    /// <summary>The rows of a range of row ids; each is valid until the next one.</summary>
    /// <param name="after">Exclusive.</param>
    /// <param name="upTo">Inclusive.</param>
    /// <param name="limit">Maximum rows.</param>
    /// <param name="cancellationToken">Checked now and then.</param>
    public IEnumerable<LegacyRow> Read(long after, long upTo, int limit, CancellationToken cancellationToken)
    {
        raw.sqlite3_reset(_all);
        raw.sqlite3_bind_int64(_all, 1, after);
        raw.sqlite3_bind_int64(_all, 2, upTo);
        raw.sqlite3_bind_int(_all, 3, limit);
        try
        {
            foreach (var row in Rows(cancellationToken)) yield return row;
        }
        finally
        {
            raw.sqlite3_reset(_all); // An open statement keeps the log of the program that writes the file.
        }
    }

    private IEnumerable<LegacyRow> Rows(CancellationToken cancellationToken)
    {
        for (var i = 0; Step(_all); i++)
        {
            if (i % 1_000 == 0) cancellationToken.ThrowIfCancellationRequested();
            yield return Fill(_all);
        }
    }

    /// <summary>Rows by their ids; each is valid until the next one.</summary>
    /// <param name="ascending">The ids. Those that stand close together are read in one go, at half the cost of a search for each.</param>
    /// <param name="cancellationToken">Checked now and then.</param>
    /// <exception cref="TransferException">One is gone.</exception>
    public IEnumerable<LegacyRow> Find(long[] ascending, CancellationToken cancellationToken)
    {
        if (ascending.Length == 0) yield break;
        if ((ulong)(ascending[^1] - ascending[0]) >= MaxSpread * (ulong)ascending.Length)
        {
            foreach (var rowId in ascending) yield return Find(rowId);
            yield break;
        }
        var next = 0;
        foreach (var row in Read(ascending[0] - 1, ascending[^1], int.MaxValue, cancellationToken))
        {
            if (row.RowId < ascending[next]) continue;
            if (row.RowId > ascending[next]) break;
            next++;
            yield return row;
        }
        if (next < ascending.Length) throw Gone(ascending[next]);
    }

    /// <summary>One row, valid until the next one.</summary>
    /// <exception cref="TransferException">It is gone.</exception>
    public LegacyRow Find(long rowId)
    {
        raw.sqlite3_reset(_one);
        raw.sqlite3_bind_int64(_one, 1, rowId);
        var isThere = Step(_one);
        if (isThere) Fill(_one);
        raw.sqlite3_reset(_one);
        return isThere ? _row : throw Gone(rowId);
    }

    private TransferException Gone(long rowId) => new($"Row {rowId} of table {_row.Table} is gone: another program changes the source. Stop it, or copy the file.");

    private sqlite3_stmt Prepare(string sql)
        => raw.sqlite3_prepare_v2(_handle, sql, out var statement) is var code && code == raw.SQLITE_OK ? statement : throw Failure(code);

    private bool Step(sqlite3_stmt statement) => raw.sqlite3_step(statement) switch
    {
        raw.SQLITE_ROW => true,
        raw.SQLITE_DONE => false,
        var code => throw Failure(code),
    };

    private Exception Failure(int code) => SqliteErrors.Translate(code, raw.sqlite3_errmsg(_handle).utf8_to_string());

    private LegacyRow Fill(sqlite3_stmt statement)
    {
        var row = SqliteColumns.Of(statement);
        _row.RowId = SqliteColumns.Integer(row, 0);
        for (var i = 0; i < _count; i++) _row.Set(i, Value(row, i + 1));
        return _row;
    }

    private static object? Value(nint row, int column) => SqliteColumns.TypeOf(row, column) switch
    {
        raw.SQLITE_INTEGER => SqliteColumns.Integer(row, column),
        raw.SQLITE_FLOAT => SqliteColumns.Real(row, column),
        raw.SQLITE_NULL => null,
        // As bytes, because a text may contain U+0000.
        raw.SQLITE_TEXT when SqliteColumns.Bytes(row, column) is var utf8 && System.Text.Unicode.Utf8.IsValid(utf8) => Encoding.UTF8.GetString(utf8),
        _ => SqliteColumns.Bytes(row, column).ToArray(),
    };

    public void Dispose()
    {
        _all.Dispose();
        _one.Dispose();
    }
}
