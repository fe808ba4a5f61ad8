using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>Copies what can be read of a damaged file, page by page, into a new file with the same tables. It is not a store yet: indexes, counters and batches need not agree.</summary>
/// <param name="connection">The new file.</param>
internal sealed class Salvage(SqliteConnection connection)
{
    /// <summary>The keys of the readings, from their index: they name the readings that are lost.</summary>
    public const string Keys = "salvaged_keys";

    private const int RowsPerTransaction = 20_000;
    private const string KeyIndex = "ix_sensor_readings_timestamp";

    private static readonly string[] _wanted = ["store_info", "sensor_readings", "nodes", "zones", "node_metadata", "ingest_batches", "event_index", "users", "api_keys", "protection_keys", "audit_entries",
        .. Lanes.All.Select(lane => LaneTable.Of(lane).Name)];

    private readonly Dictionary<(string Table, int Columns), SqliteCommand> _inserts = [];
    private readonly HashSet<string> _whole = [];
    private IReadOnlyList<SalvageTable> _tables = [];
    private SqliteTransaction? _transaction;
    private long _written;
    private Action<long> _progress = _ => { };

    /// <summary>Whether the index with the keys of the readings could be read as it was at last.</summary>
    public bool HasAllKeys => _whole.Contains(KeyIndex);

    /// <summary>Whether the index of the events could be read as it was at last.</summary>
    public bool HasAllEventKeys => _whole.Contains("event_index");

    /// <summary>Whether the header is lost, so that rows may have come back that were deleted before.</summary>
    public bool MayHaveDeleted { get; private set; }

    /// <summary>Pages of the database, and of its log, that could not be read.</summary>
    public int BadPages { get; private set; }

    /// <summary>Rows on pages that can be read, which are not what they must be.</summary>
    public long BadRows { get; private set; }

    /// <param name="path">The damaged file; it is only read.</param>
    /// <param name="progress">Receives the rows read so far.</param>
    /// <param name="cancellationToken">Cancels it; the new file is of no use then.</param>
    public void Run(string path, Action<long> progress, CancellationToken cancellationToken)
    {
        _progress = progress;
        using var file = new DamagedFile(path);
        var trees = new DamagedTrees(file);
        Execute("PRAGMA foreign_keys=OFF");
        Execute("DELETE FROM store_info"); // Its own comes from the damaged file.
        Execute($"CREATE TABLE {Keys} (timestamp INTEGER NOT NULL, node_address INTEGER NOT NULL, PRIMARY KEY (timestamp, node_address)) WITHOUT ROWID");
        var own = SalvageTable.Read(Texts("SELECT sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"));
        var (roots, definitions) = ReadSchema(trees, cancellationToken);
        var described = SalvageTable.Read(definitions);
        _tables = [.. _wanted.Select(name => described.FirstOrDefault(t => t.Name == name) ?? own.Single(t => t.Name == name))];
        var isWhole = roots.Count > 0;
        foreach (var (name, root) in roots)
        {
            var isTreeWhole = trees.Visit(root, (rowId, values) => Take(name, rowId, values), cancellationToken);
            if (isTreeWhole) _whole.Add(name);
            isWhole &= isTreeWhole;
        }
        isWhole &= _tables.All(table => roots.Exists(r => r.Name == table.Name));
        if (!isWhole) trees.VisitOrphans(file.ReadFree(), TakeOrphan, cancellationToken);
        MayHaveDeleted = !isWhole && !file.HasHeader;
        if (file.BadFrames > 0) _whole.Clear();
        BadPages = trees.BadPages + file.BadFrames;
        BadRows += trees.BadRows;
        Commit();
        foreach (var insert in _inserts.Values) insert.Dispose();
        Execute("INSERT OR IGNORE INTO store_info (id, epoch, role, readings_role) VALUES (1, '00000000', 'primary', 'primary')");
        Execute("UPDATE node_metadata SET zone_id = NULL WHERE zone_id NOT IN (SELECT id FROM zones)");
    }

    // The first page is the root of the tree that names all others.
    private static (List<(string Name, int Root)> Roots, List<string> Definitions) ReadSchema(DamagedTrees trees, CancellationToken cancellationToken)
    {
        var (roots, definitions) = (new List<(string Name, int Root)>(), new List<string>());
        trees.Visit(1, (_, values) =>
        {
            if (values is not [string type, string name, string, long and > 0 and < int.MaxValue, ..]) return;
            roots.Add((name, (int)(long)values[3]!));
            if (type == "table" && values is [.., string sql]) definitions.Add(sql);
        }, cancellationToken);
        return (roots, definitions);
    }

    private void Take(string name, long rowId, object?[] values)
    {
        if (name == KeyIndex)
        {
            if (values is [long, long]) Insert(Keys, ["timestamp", "node_address"], values);
            return;
        }
        if (_tables.FirstOrDefault(t => t.Name == name) is not { } table) return;
        if (table.Has(values, isWhole: false)) Insert(table, rowId, values);
        else BadRows++;
    }

    private void TakeOrphan(bool isTable, long rowId, object?[] values)
    {
        SalvageTable[] candidates = [.. _tables.Where(t => t.HasRowIds == isTable && t.Has(values, isWhole: true))];
        if (candidates is [var only]) Insert(only, rowId, values);
    }

    private void Insert(SalvageTable table, long rowId, object?[] values)
    {
        for (var i = 0; i < values.Length; i++)
            if (table.Columns[i].IsRowId) values[i] = rowId;
        Insert(table.Name, [.. table.Columns.Select(c => c.Name)], values);
    }

    private void Insert(string table, string[] columns, object?[] values)
    {
        _transaction ??= connection.BeginTransaction();
        if (!_inserts.TryGetValue((table, values.Length), out var insert)) _inserts[(table, values.Length)] = insert = Prepare(table, columns[..values.Length]);
        insert.Transaction = _transaction;
        for (var i = 0; i < values.Length; i++) insert.Parameters[i].Value = values[i] ?? DBNull.Value;
        insert.ExecuteNonQuery();
        if (++_written % RowsPerTransaction == 0) Commit();
    }

    // Older copies of a page have the same rows: the first one counts, which is that of the tree.
    private SqliteCommand Prepare(string table, string[] columns)
    {
        var there = Texts($"SELECT name FROM pragma_table_info('{table}')");
        var insert = connection.CreateCommand();
        string[] kept = [.. columns.Where(there.Contains)];
        insert.CommandText = $"INSERT OR IGNORE INTO {table} ({string.Join(", ", kept)}) VALUES ({string.Join(", ", kept.Select(c => "$" + c))})";
        foreach (var column in columns) insert.Parameters.Add(new("$" + column, null));
        return insert;
    }

    private void Commit()
    {
        _transaction?.Commit();
        _transaction?.Dispose();
        _transaction = null;
        _progress(_written);
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private List<string> Texts(string sql)
    {
        using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, _transaction);
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read()) texts.Add(rows.GetString(0));
        return texts;
    }
}
