using SensorDash.Data.DuckDb;

namespace SensorDash.Data.Tests.DuckDb;

public sealed class DuckDbConnectionTests : DuckDbTest
{
    private const int Rows = 500_000;

    [Fact]
    public void Query_MillionRows_GivesEachOnceInOrder()
    {
        using var rows = Connection.Query(
            "SELECT range AS id, CASE WHEN range % 3 = 0 THEN NULL ELSE (range % 1000)::SMALLINT END AS v FROM range(1000000)", None);
        var next = 0L;
        for (; rows.Read(); next++)
        {
            if (rows.Get<long>(0) != next) Assert.Fail($"row {next} is {rows.Get<long>(0)}");
            if (rows.Get<short?>(1) != (next % 3 == 0 ? null : (short)(next % 1000))) Assert.Fail($"row {next}: {rows.Get<short?>(1)}");
        }
        Assert.Equal(1_000_000, next);
        Assert.False(rows.Read());
    }

    [Fact]
    public void Get_EachTypeInUse_ComesBack()
    {
        using var rows = Connection.Query("SELECT -5::INTEGER, 4294967295::UINTEGER, 'naïve', [1.5, -2]::DOUBLE[], true, NULL::BIGINT", None);
        Assert.True(rows.Read());
        Assert.Equal(-5, rows.Get<int>(0));
        Assert.Equal(uint.MaxValue, rows.Get<uint>(1));
        Assert.Equal("naïve", rows.Get<string>(2));
        Assert.Equal([1.5, -2], rows.Get<List<double>>(3));
        Assert.True(rows.Get<bool>(4));
        Assert.Null(rows.Get<long?>(5));
        Assert.Throws<InvalidCastException>(() => rows.Get<long>(5));
        Assert.False(rows.Read());
    }

    [Fact]
    public void Query_NoRows_Ends()
    {
        using var rows = Connection.Query("SELECT 1 WHERE false", None);
        Assert.False(rows.Read());
        Assert.False(rows.Read());
    }

    [Fact]
    public void Read_QueryFailsOnItsWay_ThrowsAndDoesNotEnd()
    {
        Execute("SET threads = 1"); // With more, DuckDB may report that it interrupted the others.
        using var rows = Connection.Query("SELECT CASE WHEN range = 900000 THEN 'x' ELSE '1' END::INTEGER FROM range(1000000)", None);
        var error = Assert.Throws<DuckDbException>(() =>
        {
            while (rows.Read()) { }
        });
        Assert.Equal(DuckDbErrorKind.Rejected, error.Kind);
    }

    [Fact]
    public void Execute_SeveralStatements_RunsAllAndCountsTheirRows()
    {
        Assert.Equal(5, Connection.Execute("CREATE TABLE t (v INTEGER); INSERT INTO t SELECT * FROM range(5)", None));
        Assert.Equal(2, Connection.Execute("UPDATE t SET v = -v WHERE v > 2", None));
        Assert.Equal(3, Connection.Execute("DELETE FROM t WHERE v >= 0", None));
    }

    [Fact]
    public void Append_ManyRows_AreWhatSqlMakes()
    {
        Execute("CREATE TABLE appended (id BIGINT, node INTEGER, v SMALLINT, flags UINTEGER, name VARCHAR)");
        Connection.Append("appended", Enumerable.Range(0, Rows), (row, i) => row
            .AppendValue((long)i).AppendValue(i).AppendValue(i % 5 == 0 ? null : (short)(i % 1000)).AppendValue((uint)i)
            .AppendValue(i % 7 == 0 ? null : i % 2 == 0 ? "short" : "longer than twelve bytes"), None);

        Assert.Equal(Rows, Scalar<long>("SELECT count(*) FROM appended"));
        Assert.Equal(0, Scalar<long>($"""
            SELECT count(*) FROM (FROM appended EXCEPT
                SELECT range, range::INTEGER, CASE WHEN range % 5 <> 0 THEN (range % 1000)::SMALLINT END, range::UINTEGER,
                CASE WHEN range % 7 = 0 THEN NULL WHEN range % 2 = 0 THEN 'short' ELSE 'longer than twelve bytes' END FROM range({Rows}))
            """));
    }

    [Fact]
    public void Append_ConstraintViolated_SaysWhyAndIsRolledBack()
    {
        Execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        using (Connection.BeginTransaction(None))
        {
            var error = Assert.Throws<DuckDbException>(() => Connection.Append("t", [1, 2, 1], (row, id) => row.AppendValue(id), None));
            Assert.Equal(DuckDbErrorKind.Rejected, error.Kind);
            Assert.Contains("1", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(0, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Append_RowFails_ShowsThatErrorAndNotTheOneOfTheRest()
    {
        Execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        var own = new InvalidOperationException("mine");
        using (Connection.BeginTransaction(None))
        {
            // What is appended before it violates the key when the driver writes it.
            Assert.Same(own, Assert.Throws<InvalidOperationException>(
                () => Connection.Append("t", [1, 1, 2], (row, id) => row.AppendValue(id == 2 ? throw own : id), None)));
        }
        Connection.Append("t", [7], (row, id) => row.AppendValue(id), None);
        Assert.Equal([7], Connection.Column<int>("SELECT id FROM t"));
    }

    [Fact]
    public void Transaction_NotCommitted_IsRolledBack()
    {
        Execute("CREATE TABLE t (v INTEGER PRIMARY KEY)");
        using (var kept = Connection.BeginTransaction(None))
        {
            Execute("INSERT INTO t VALUES (1)");
            kept.Commit();
        }
        using (Connection.BeginTransaction(None)) Execute("INSERT INTO t VALUES (2)");
        using (Connection.BeginTransaction(None)) Assert.Equal(DuckDbErrorKind.Rejected, KindOf("INSERT INTO t VALUES (1)"));
        using (Connection.BeginTransaction(None))
        using (var rows = Connection.Query("SELECT * FROM range(1000000)", None)) Assert.True(rows.Read());
        Assert.Equal([1], Connection.Column<int>("SELECT v FROM t"));
    }

    [Fact]
    public async Task Connections_InParallel_EachSeeTheirOwnAnswers()
    {
        Execute("CREATE TABLE t AS SELECT range AS v FROM range(100000)");
        await Task.WhenAll(Enumerable.Range(1, 8).Select(worker => Task.Run(() =>
        {
            using var connection = Database.Connect();
            for (var i = 0; i < 50; i++)
                Assert.Equal((100_000 + worker - 1) / worker, connection.Scalar<long>($"SELECT count(*) FROM t WHERE v % {worker} = 0"));
        })));
    }
}
