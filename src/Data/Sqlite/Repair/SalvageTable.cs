using Microsoft.Data.Sqlite;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>A table or index of a damaged file, as its definition describes the rows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">In the order of the rows.</param>
/// <param name="HasRowIds">Whether its pages are those of a table with row ids.</param>
internal sealed record SalvageTable(string Name, IReadOnlyList<SalvageColumn> Columns, bool HasRowIds)
{
    /// <summary>Reads definitions, one after the other; those that cannot be read are passed over.</summary>
    public static IReadOnlyList<SalvageTable> Read(IEnumerable<string> definitions)
    {
        using var connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        connection.Open();
        foreach (var definition in definitions)
        {
            try
            {
                Execute(connection, definition);
            }
            catch (SqliteException)
            {
                // Damaged too.
            }
        }
        var tables = new List<SalvageTable>();
        using var list = connection.CreateCommand();
        list.CommandText = "SELECT t.name, t.wr, c.name, c.type, c.\"notnull\", c.pk FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid";
        using var rows = list.ExecuteReader();
        var columns = new List<(string Table, bool HasRowIds, SalvageColumn Column)>();
        while (rows.Read())
        {
            var (hasRowIds, type, isKey) = (rows.GetInt64(1) == 0, rows.GetString(3), rows.GetInt64(5) > 0);
            columns.Add((rows.GetString(0), hasRowIds, new(rows.GetString(2), type, rows.GetInt64(4) == 0 && !(isKey && !hasRowIds), hasRowIds && isKey && type == "INTEGER")));
        }
        foreach (var table in columns.GroupBy(c => c.Table))
        {
            // Only a key of one column stands for the row id.
            var one = table.Count(c => c.Column.IsRowId) == 1;
            tables.Add(new(table.Key, [.. table.Select(c => c.Column with { IsRowId = one && c.Column.IsRowId })], table.First().HasRowIds));
        }
        return tables;
    }

    /// <summary>Whether a row may be one of this table.</summary>
    /// <param name="values">The row.</param>
    /// <param name="isWhole">Whether it must have all columns: those that were added later are absent in older rows.</param>
    public bool Has(object?[] values, bool isWhole)
    {
        if (values.Length > Columns.Count || values.Length < (isWhole ? Columns.Count : 2)) return false;
        for (var i = 0; i < values.Length; i++)
            if (!Columns[i].Takes(values[i])) return false;
        return true;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

/// <summary>A column.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">INTEGER, TEXT or BLOB.</param>
/// <param name="IsOptional">Whether it may be absent.</param>
/// <param name="IsRowId">Whether it is the row id, which stands in the cell and not in the row.</param>
internal sealed record SalvageColumn(string Name, string Type, bool IsOptional, bool IsRowId)
{
    private const int IdBytes = 32;

    public bool Takes(object? value) => value switch
    {
        null => IsOptional || IsRowId,
        long => Type == "INTEGER" && !IsRowId,
        string => Type == "TEXT",
        byte[] bytes => Type == "BLOB" && (Name != "event_id" || bytes.Length == IdBytes),
        _ => false,
    };
}
