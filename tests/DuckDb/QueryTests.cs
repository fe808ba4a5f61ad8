namespace SensorDash.DuckDb.Tests;

public sealed class QueryTests : DuckDbTest
{
    [Fact]
    public void Query_EmptyResult_HasColumnsAndNoChunk()
    {
        using var result = Connection.Query("SELECT 1 AS one, 'x' AS \"Größe\" WHERE false", None);
        Assert.Equal(["one", "Größe"], result.Columns.Select(column => column.Name));
        Assert.Equal([DuckDbType.Integer, DuckDbType.Varchar], result.Columns.Select(column => column.Type.Type));
        Assert.Null(result.NextChunk(None));
        Assert.Null(result.NextChunk(None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NextChunk_MillionRows_GivesEachOnceInOrder(bool streaming)
    {
        const string Sql = "SELECT range AS id, CASE WHEN range % 3 = 0 THEN NULL ELSE range * 2 END AS v FROM range(1000000)";
        using var result = streaming ? Connection.QueryStreaming(Sql, None) : Connection.Query(Sql, None);
        var next = 0L;
        var chunks = 0;
        while (result.NextChunk(None) is { } chunk)
        {
            chunks++;
            var ids = chunk[0].Values<long>();
            var twice = chunk[1].Values<long>();
            for (var row = 0; row < chunk.RowCount; row++, next++)
            {
                if (ids[row] != next) Assert.Fail($"row {next} is {ids[row]}");
                if (chunk[1].IsNull(row) != (next % 3 == 0)) Assert.Fail($"row {next}: null is wrong");
                if (next % 3 != 0 && twice[row] != 2 * next) Assert.Fail($"row {next}: {twice[row]}");
            }
        }
        Assert.Equal(1_000_000, next);
        Assert.True(chunks >= 1_000_000 / 2048);
    }

    [Fact]
    public void Query_SeveralStatements_GivesTheLastOnesRows()
    {
        Assert.Equal(3, Scalar<int>("CREATE TABLE t (v INTEGER); INSERT INTO t VALUES (1), (2); SELECT sum(v)::INTEGER FROM t"));
    }

    [Fact]
    public void Execute_Changes_CountsRows()
    {
        Connection.Execute("CREATE TABLE t (v INTEGER)", None);
        Assert.Equal(5, Connection.Execute("INSERT INTO t SELECT * FROM range(5)", None));
        Assert.Equal(2, Connection.Execute("UPDATE t SET v = -v WHERE v > 2", None));
        Assert.Equal(3, Connection.Execute("DELETE FROM t WHERE v >= 0", None));
        Assert.Equal(0, Connection.Execute("SELECT * FROM t", None));
    }

    [Fact]
    public void QueryStreaming_NoRowsReturned_Runs()
    {
        using (var result = Connection.QueryStreaming("CREATE TABLE t AS SELECT 1 AS v", None)) result.NextChunk(None);
        Assert.Equal(1, Scalar<int>("SELECT v FROM t"));
    }

    [Fact]
    public void QueryStreaming_ConnectionRunsSomethingElse_Fails()
    {
        using var result = Connection.QueryStreaming("SELECT * FROM range(10000000)", None);
        Assert.NotNull(result.NextChunk(None));
        Connection.Execute("SELECT 1", None);
        var failure = Assert.Throws<DuckDbException>(() => { while (result.NextChunk(None) is not null) { } });
        Assert.Contains("closed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void QueryStreaming_FailsOnTheWay_ThrowsItsKind()
    {
        using var result = Connection.QueryStreaming(
            "SELECT CASE WHEN range = 900000 THEN 'x' ELSE '1' END::INTEGER FROM range(1000000)", None);
        var failure = Assert.Throws<DuckDbException>(() => { while (result.NextChunk(None) is not null) { } });
        Assert.Equal(DuckDbErrorKind.Conversion, failure.Kind);
    }

    [Fact]
    public void Values_WrongType_NamesBoth()
    {
        using var result = Connection.Query("SELECT 1 AS i, 'x' AS t, NULL::VARCHAR AS n, {'a': 1} AS s", None);
        var chunk = result.NextChunk(None)!;
        var failure = Assert.Throws<InvalidOperationException>(() => chunk[0].Values<long>().Length);
        Assert.Contains("Integer", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Int64", failure.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => chunk[0].GetString(0));
        Assert.Throws<InvalidOperationException>(() => chunk[0].Child);
        Assert.Throws<InvalidOperationException>(() => chunk[1].GetBlob(0).Length);
        Assert.Throws<InvalidOperationException>(() => chunk[1].Values<Guid>().Length);
        Assert.Throws<InvalidOperationException>(() => chunk[1].GetDecimal(0));
        Assert.Throws<InvalidOperationException>(() => chunk[2].GetUtf8(0).Length);
        Assert.Throws<InvalidOperationException>(() => chunk[3].Values<int>().Length);
        Assert.Null(chunk[2].GetString(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk[4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk[0].IsNull(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk[0].IsNull(-1));
    }

    [Fact]
    public void Transaction_NotCommitted_IsRolledBack()
    {
        Connection.Execute("CREATE TABLE t (v INTEGER PRIMARY KEY)", None);
        using (var kept = Connection.BeginTransaction(None))
        {
            Connection.Execute("INSERT INTO t VALUES (1)", None);
            kept.Commit(None);
        }
        using (Connection.BeginTransaction(None)) Connection.Execute("INSERT INTO t VALUES (2)", None);
        using (Connection.BeginTransaction(None)) Assert.Equal(DuckDbErrorKind.Constraint, KindOf("INSERT INTO t VALUES (1)"));
        Assert.Equal([1], Column<int>("SELECT v FROM t"));
    }

    [Fact]
    public async Task Connections_InParallel_EachSeeTheirOwnAnswers()
    {
        Connection.Execute("CREATE TABLE t AS SELECT range AS v FROM range(100000)", None);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(worker => Task.Run(() =>
        {
            using var connection = Database.Connect();
            using var statement = connection.Prepare("SELECT count(*) FROM t WHERE v % $1 = 0", None);
            for (var i = 0; i < 50; i++)
            {
                statement.Bind(1, worker);
                using var result = statement.Query(None);
                Assert.Equal((100_000 + worker - 1) / worker, result.NextChunk(None)![0].Values<long>()[0]);
            }
        })));
    }
}
