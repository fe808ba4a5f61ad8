namespace SensorDash.DuckDb.Tests;

public sealed class StatementTests : DuckDbTest
{
    [Fact]
    public void Bind_EveryType_ComesBack()
    {
        using var statement = Connection.Prepare("SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9", None);
        statement.Bind(1, true);
        statement.Bind(2, int.MinValue);
        statement.Bind(3, long.MinValue);
        statement.Bind(4, ulong.MaxValue);
        statement.Bind(5, double.Epsilon);
        statement.Bind(6, "naïve");
        statement.Bind(7, [1, 0, 2]);
        statement.BindTimestamp(8, -1);
        statement.BindNull(9);

        using var result = statement.Query(None);
        var row = result.NextChunk(None)!;
        Assert.True(row[0].Values<bool>()[0]);
        Assert.Equal(int.MinValue, row[1].Values<int>()[0]);
        Assert.Equal(long.MinValue, row[2].Values<long>()[0]);
        Assert.Equal(ulong.MaxValue, row[3].Values<ulong>()[0]);
        Assert.Equal(double.Epsilon, row[4].Values<double>()[0]);
        Assert.Equal("naïve", row[5].GetString(0));
        Assert.Equal([1, 0, 2], row[6].GetBlob(0).ToArray());
        Assert.Equal(DuckDbType.Timestamp, row[7].Type.Type);
        Assert.Equal(-1, row[7].Values<long>()[0]);
        Assert.True(row[8].IsNull(0));
    }

    [Fact]
    public void Bind_ByName_FindsItsPlaceInAnyCase()
    {
        using var statement = Connection.Prepare("SELECT $low - $High", None);
        Assert.Equal(2, statement.ParameterNames.Count);
        statement.Bind("HIGH", 5);
        statement.Bind("low", 3L);
        using var result = statement.Query(None);
        Assert.Equal([-2L], Column<long>(result));
    }

    [Fact]
    public void Bind_BadIndexOrName_SaysWhichAndWhatThereIs()
    {
        using var statement = Connection.Prepare("SELECT $low + $high", None);
        foreach (var index in new[] { -1, 0, 3 })
        {
            var failure = Assert.Throws<ArgumentOutOfRangeException>(() => statement.Bind(index, 1));
            Assert.Contains("2 parameter(s)", failure.Message, StringComparison.Ordinal);
            Assert.Equal(index, failure.ActualValue);
        }
        var unknown = Assert.Throws<ArgumentException>(() => statement.Bind("middle", 1));
        Assert.Contains("$middle", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("$low", unknown.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => statement.Bind("low", "half a pair \uD800"));
    }

    [Fact]
    public void Execute_ParameterNotBound_IsInvalidInput()
    {
        using var statement = Connection.Prepare("SELECT $1 + $2", None);
        statement.Bind(1, 1);
        Assert.Equal(DuckDbErrorKind.InvalidInput, Assert.Throws<DuckDbException>(() => statement.Execute(None)).Kind);
        statement.Bind(2, 1);
        statement.Execute(None);
        statement.ClearBindings();
        Assert.Throws<DuckDbException>(() => statement.Execute(None));
    }

    [Fact]
    public void Execute_ValueThatDoesNotFit_IsConversion_AndTheStatementWorksOn()
    {
        Connection.Execute("CREATE TABLE t (v TINYINT)", None);
        using var insert = Connection.Prepare("INSERT INTO t VALUES (?), (?)", None);
        insert.Bind(1, 1);
        insert.Bind(2, 1_000);
        Assert.Equal(DuckDbErrorKind.Conversion, Assert.Throws<DuckDbException>(() => insert.Execute(None)).Kind);
        insert.Bind(2, 2);
        Assert.Equal(2, insert.Execute(None));
        Assert.Equal([(sbyte)1, (sbyte)2], Column<sbyte>("SELECT v FROM t ORDER BY v"));
    }

    [Fact]
    public void Query_AfterTheStatementIsDisposed_ResultStillReads()
    {
        DuckDbResult result;
        using (var statement = Connection.Prepare("SELECT * FROM range(5000)", None)) result = statement.QueryStreaming(None);
        using (result) Assert.Equal(5_000, Column<long>(result).Count);
    }

    [Fact]
    public void Prepare_SeveralStatements_IsRefused()
    {
        var failure = Assert.Throws<DuckDbException>(() => Connection.Prepare("SELECT 1; SELECT 2", None));
        Assert.Equal(DuckDbErrorKind.InvalidInput, failure.Kind);
    }
}
