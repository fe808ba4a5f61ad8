namespace SensorDash.DuckDb.Tests;

/// <summary>A database in memory and one connection, for each test anew.</summary>
public abstract class DuckDbTest : IDisposable
{
    protected DuckDbTest()
    {
        Database = DuckDbDatabase.Open();
        Connection = Database.Connect();
    }

    protected DuckDbDatabase Database { get; }

    protected DuckDbConnection Connection { get; }

    protected static CancellationToken None => CancellationToken.None;

    public virtual void Dispose()
    {
        Connection.Dispose();
        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The only row's only value, or null.</summary>
    protected T? Scalar<T>(string sql)
        where T : unmanaged => Column<T>(sql).Single();

    /// <summary>The first column of all chunks.</summary>
    protected List<T?> Column<T>(string sql)
        where T : unmanaged
    {
        using var result = Connection.Query(sql, None);
        return Column<T>(result);
    }

    protected static List<T?> Column<T>(DuckDbResult result)
        where T : unmanaged
    {
        var values = new List<T?>();
        while (result.NextChunk(None) is { } chunk)
        {
            for (var row = 0; row < chunk.RowCount; row++) values.Add(chunk[0].IsNull(row) ? null : chunk[0].Values<T>()[row]);
        }
        return values;
    }

    /// <summary>The first column of all chunks.</summary>
    protected List<string?> Texts(string sql)
    {
        using var result = Connection.Query(sql, None);
        var values = new List<string?>();
        while (result.NextChunk(None) is { } chunk)
        {
            for (var row = 0; row < chunk.RowCount; row++) values.Add(chunk[0].GetString(row));
        }
        return values;
    }

    protected DuckDbErrorKind KindOf(string sql) => Assert.Throws<DuckDbException>(() => Connection.Execute(sql, None)).Kind;
}
