using SensorDash.Data.DuckDb;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.DuckDb;

/// <summary>A database file and one connection, for each test anew.</summary>
public abstract class DuckDbTest : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    protected DuckDbTest()
    {
        Database = DuckDbDatabase.Open(File, new());
        Connection = Database.Connect();
    }

    protected static CancellationToken None => CancellationToken.None;

    protected string File => _folder.File("data.duckdb");

    internal DuckDbDatabase Database { get; }

    internal DuckDbConnection Connection { get; }

    public virtual void Dispose()
    {
        Connection.Dispose();
        Database.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected void Execute(string sql) => Connection.Execute(sql, None);

    /// <summary>The only row's only value.</summary>
    protected T Scalar<T>(string sql) => Connection.Scalar<T>(sql);

    internal DuckDbErrorKind KindOf(string sql) => Assert.Throws<DuckDbException>(() => Connection.Execute(sql, None)).Kind;
}

internal static class DuckDbQueries
{
    /// <summary>The only row's only value.</summary>
    public static T Scalar<T>(this DuckDbConnection connection, string sql) => Assert.Single(connection.Column<T>(sql));

    /// <summary>The first column of all rows.</summary>
    public static List<T> Column<T>(this DuckDbConnection connection, string sql)
    {
        var values = new List<T>();
        using var rows = connection.Query(sql, CancellationToken.None);
        while (rows.Read()) values.Add(rows.Get<T>(0));
        return values;
    }
}
