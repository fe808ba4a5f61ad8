namespace SensorDash.DuckDb.Tests;

public sealed class AppenderTests : DuckDbTest
{
    private const int Rows = 500_000;

    [Fact]
    public void Append_ManyRowsOfMixedTypes_AreWhatSqlMakes()
    {
        Connection.Execute("CREATE TABLE appended (id BIGINT, taken_at TIMESTAMP, v DOUBLE, name VARCHAR)", None);
        using (var appender = Connection.CreateAppender("main", "appended"))
        {
            for (var i = 0; i < Rows; i++)
            {
                appender.Append((long)i);
                appender.Append(i * 1_000_000L);
                appender.Append(i % 5 == 0 ? (double?)null : i * 0.5);
                appender.Append(i % 7 == 0 ? null : i % 2 == 0 ? "short" : "longer than twelve bytes");
                appender.EndRow();
            }
            appender.Close(None);
        }
        SameAsSql();
    }

    [Fact]
    public void GetSpan_WholeColumns_AreWhatSqlMakes()
    {
        Connection.Execute("CREATE TABLE appended (id BIGINT, taken_at TIMESTAMP, v DOUBLE, name VARCHAR)", None);
        using (var appender = Connection.CreateAppender(null, "appended"))
        {
            for (var first = 0; first < Rows;)
            {
                // An odd size, so that the ends of the spans and of the chunks do not fall together.
                var count = Math.Min(Math.Min(appender.FreeRows, 777), Rows - first);
                var ids = appender.GetSpan<long>(0);
                var times = appender.GetSpan<long>(1);
                for (var row = 0; row < count; row++)
                {
                    var i = first + row;
                    ids[row] = i;
                    times[row] = i * 1_000_000L;
                    if (i % 7 == 0) appender.SetNull(3, row);
                    else appender.SetUtf8(3, row, i % 2 == 0 ? "short"u8 : "longer than twelve bytes"u8);
                }
                appender.SetColumn<double>(
                    2,
                    [.. Enumerable.Range(first, count).Select(i => i * 0.5)],
                    [.. Enumerable.Range(first, count).Select(i => i % 5 == 0)]);
                appender.Advance(count);
                first += count;
            }
            appender.Close(None);
        }
        SameAsSql();
    }

    [Fact]
    public void GetSpan_TextNeverSet_IsEmptyAndNotOfTheChunkBefore()
    {
        Connection.Execute("CREATE TABLE t (v VARCHAR)", None);
        using var appender = Connection.CreateAppender(null, "t");
        for (var row = 0; row < 2048; row++)
        {
            appender.Append("longer than twelve bytes");
            appender.EndRow();
        }
        appender.Advance(3);
        appender.Close(None);
        Assert.Equal(["", "", ""], Texts("SELECT v FROM t WHERE length(v) = 0"));
    }

    [Fact]
    public void Flush_ConstraintViolated_SaysWhy_AndEndsTheAppender()
    {
        Connection.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY)", None);
        using (var appender = Connection.CreateAppender(null, "t"))
        {
            foreach (var id in new[] { 1, 2, 1 })
            {
                appender.Append(id);
                appender.EndRow();
            }
            var failure = Assert.Throws<DuckDbException>(() => appender.Flush(None));
            Assert.Equal(DuckDbErrorKind.Constraint, failure.Kind);
            Assert.Contains("1", failure.Message, StringComparison.Ordinal);
            var later = Assert.Throws<DuckDbException>(() => appender.Append(3));
            Assert.Equal(DuckDbErrorKind.Constraint, later.Kind);
            Assert.Throws<DuckDbException>(() => appender.Close(None));
        }
        Assert.Equal(0, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Dispose_WithoutClose_DropsWhatIsNotFlushed()
    {
        Connection.Execute("CREATE TABLE t (id INTEGER)", None);
        using (var appender = Connection.CreateAppender(null, "t"))
        {
            appender.Append(1);
            appender.EndRow();
            appender.Flush(None);
            for (var i = 0; i < 5_000; i++)
            {
                appender.Append(2);
                appender.EndRow();
            }
        }
        Assert.Equal([1], Column<int>("SELECT id FROM t"));
    }

    [Fact]
    public void Append_InTransactionRolledBack_LeavesNothing()
    {
        Connection.Execute("CREATE TABLE t (id INTEGER)", None);
        using (Connection.BeginTransaction(None))
        using (var appender = Connection.CreateAppender(null, "t"))
        {
            for (var i = 0; i < 300_000; i++)
            {
                appender.Append(i);
                appender.EndRow();
            }
            appender.Close(None);
            Assert.Equal(300_000, Scalar<long>("SELECT count(*) FROM t"));
        }
        Assert.Equal(0, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Append_Misuse_SaysWhat()
    {
        Connection.Execute("CREATE TABLE t (id INTEGER, name VARCHAR)", None);
        using var appender = Connection.CreateAppender(null, "t");
        Assert.Equal([DuckDbType.Integer, DuckDbType.Varchar], appender.ColumnTypes.Select(type => type.Type));
        Assert.Throws<InvalidOperationException>(() => appender.Append(1L));
        Assert.Throws<InvalidOperationException>(() => appender.Append("1"));
        Assert.Throws<InvalidOperationException>(appender.EndRow);
        appender.Append(1);
        Assert.Throws<ArgumentException>(() => appender.AppendUtf8([0xC3, 0x28]));
        Assert.ThrowsAny<ArgumentException>(() => appender.Append("\uDC00"));
        Assert.Throws<InvalidOperationException>(() => appender.Flush(None));
        Assert.Throws<InvalidOperationException>(() => appender.GetSpan<int>(0).Length);
        appender.AppendNull();
        Assert.Throws<InvalidOperationException>(appender.AppendNull);
        appender.EndRow();
        Assert.Equal(2047, appender.FreeRows);
        Assert.Throws<InvalidOperationException>(() => appender.GetSpan<long>(0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => appender.GetSpan<int>(2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => appender.SetNull(0, 2047));
        Assert.Throws<ArgumentOutOfRangeException>(() => appender.Advance(2048));
        Assert.Throws<ArgumentException>(() => appender.SetColumn<int>(0, new int[2048]));
        Assert.Throws<ArgumentException>(() => appender.SetColumn<int>(0, [1, 2], [true]));
        appender.Close(None);
        Assert.Throws<ObjectDisposedException>(() => appender.Append(1));
        Assert.Equal([1], Column<int>("SELECT id FROM t"));
    }

    [Fact]
    public void CreateAppender_NoSuchTableOrColumnType_SaysWhich()
    {
        var missing = Assert.Throws<DuckDbException>(() => Connection.CreateAppender(null, "nowhere"));
        Assert.Equal(DuckDbErrorKind.Catalog, missing.Kind);
        Assert.Contains("nowhere", missing.Message, StringComparison.Ordinal);
        Connection.Execute("CREATE TABLE lists (id INTEGER, v INTEGER[])", None);
        var list = Assert.Throws<NotSupportedException>(() => Connection.CreateAppender(null, "lists"));
        Assert.Contains("Integer[]", list.Message, StringComparison.Ordinal);
    }

    private void SameAsSql()
    {
        var sql = $"""
            SELECT range AS id, make_timestamp(range * 1000000) AS taken_at,
                   CASE WHEN range % 5 <> 0 THEN range * 0.5 END::DOUBLE AS v,
                   CASE WHEN range % 7 = 0 THEN NULL WHEN range % 2 = 0 THEN 'short' ELSE 'longer than twelve bytes' END AS name
            FROM range({Rows})
            """;
        Assert.Equal(Rows, Scalar<long>("SELECT count(*) FROM appended"));
        Assert.Equal(0, Scalar<long>($"SELECT count(*) FROM (FROM appended EXCEPT ({sql}))"));
        Assert.Equal(Rows, Scalar<long>("SELECT count(DISTINCT id) FROM appended"));
    }
}
