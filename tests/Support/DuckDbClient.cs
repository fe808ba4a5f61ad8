using DuckDB.NET.Data;

namespace SensorDash.Tests.Support;

/// <summary>A DuckDB file, accessed by an ordinary client. In the process that has the file open it is the same database: DuckDB opens a file once.</summary>
public sealed class DuckDbClient : IDisposable
{
    private readonly DuckDBConnection _connection;

    public DuckDbClient(string path)
    {
        _connection = new DuckDBConnection(new DuckDBConnectionStringBuilder { DataSource = Path.GetFullPath(path) }.ConnectionString);
        _connection.Open();
    }

    public void Execute(string sql)
    {
        using var command = new DuckDBCommand(sql, _connection);
        command.ExecuteNonQuery();
    }

    /// <summary>The only value of the only row.</summary>
    public T Scalar<T>(string sql) => Read(sql, row => row.GetFieldValue<T>(0)).Single();

    /// <summary>The rows, one by one.</summary>
    public IEnumerable<T> Read<T>(string sql, Func<DuckDBDataReader, T> read)
    {
        using var command = new DuckDBCommand(sql, _connection) { UseStreamingMode = true };
        using var row = command.ExecuteReader();
        while (row.Read()) yield return read(row);
    }

    public void Dispose() => _connection.Dispose();
}
