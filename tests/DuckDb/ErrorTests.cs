namespace SensorDash.DuckDb.Tests;

public sealed class ErrorTests : DuckDbTest
{
    [Theory]
    [InlineData("SELEC 1", DuckDbErrorKind.Parser)]
    [InlineData("SELECT * FROM nowhere", DuckDbErrorKind.Catalog)]
    [InlineData("SELECT nothing", DuckDbErrorKind.Binder)]
    [InlineData("SELECT 'x'::INTEGER", DuckDbErrorKind.Conversion)]
    [InlineData("SELECT 9223372036854775807::BIGINT + 1::BIGINT", DuckDbErrorKind.OutOfRange)]
    [InlineData("COMMIT", DuckDbErrorKind.Transaction)]
    [InlineData("SELECT * FROM read_csv('/no/such/file.csv')", DuckDbErrorKind.IO)]
    [InlineData("SELECT error('boo')", DuckDbErrorKind.InvalidInput)]
    public void Query_Fails_WithItsKindAndReason_RunOrPrepared(string sql, DuckDbErrorKind kind)
    {
        var run = Assert.Throws<DuckDbException>(() => Connection.Execute(sql, None));
        Assert.Equal(kind, run.Kind);
        Assert.NotEmpty(run.Message);

        var prepared = Assert.Throws<DuckDbException>(() =>
        {
            using var statement = Connection.Prepare(sql, None);
            statement.Execute(None);
        });
        Assert.Equal(kind, prepared.Kind);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Execute_ConstraintViolated_IsConstraint()
    {
        Connection.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL CHECK (v > 0))", None);
        Connection.Execute("INSERT INTO t VALUES (1, 1)", None);
        Assert.Equal(DuckDbErrorKind.Constraint, KindOf("INSERT INTO t VALUES (1, 2)"));
        Assert.Equal(DuckDbErrorKind.Constraint, KindOf("INSERT INTO t VALUES (2, NULL)"));
        Assert.Equal(DuckDbErrorKind.Constraint, KindOf("INSERT INTO t VALUES (2, -1)"));
        Assert.Equal(1, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Execute_MemoryLimitReached_IsOutOfMemory_AndTheConnectionWorksOn()
    {
        var settings = new Dictionary<string, string> { ["temp_directory"] = "" };
        using var database = DuckDbDatabase.Open(
            null, new DuckDbOptions { MemoryLimitMiB = 48, Threads = 1, Settings = settings });
        using var connection = database.Connect();
        var failure = Assert.Throws<DuckDbException>(
            () => connection.Execute("CREATE TABLE t AS SELECT hash(range) AS a, hash(-range) AS b FROM range(20000000)", None));
        Assert.Equal(DuckDbErrorKind.OutOfMemory, failure.Kind);
        connection.Execute("SELECT 1", None);
    }

    [Fact]
    public void Execute_ZeroCharacterInSql_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Connection.Execute("SELECT 1\0; DROP TABLE t", None));
    }

    [Fact]
    public void Open_Options_ReachDuckDb()
    {
        using var database = DuckDbDatabase.Open(null, new DuckDbOptions { MemoryLimitMiB = 64, Threads = 1 });
        using var connection = database.Connect();
        using var result = connection.Query("SELECT current_setting('memory_limit'), current_setting('threads')::VARCHAR", None);
        var row = result.NextChunk(None)!;
        Assert.Equal("64.0 MiB", row[0].GetString(0));
        Assert.Equal("1", row[1].GetString(0));
    }

    [Fact]
    public void Open_BadOptions_SaysWhich()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DuckDbDatabase.Open(null, new DuckDbOptions { MemoryLimitMiB = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => DuckDbDatabase.Open(null, new DuckDbOptions { Threads = 0 }));
        foreach (var (name, value) in new[] { ("no_such_setting", "1"), ("threads", "many") })
        {
            var settings = new Dictionary<string, string> { [name] = value };
            var failure = Assert.Throws<DuckDbException>(
                () => DuckDbDatabase.Open(null, new DuckDbOptions { Settings = settings }));
            Assert.Matches($"{name}|{value}", failure.Message);
        }
    }
}
