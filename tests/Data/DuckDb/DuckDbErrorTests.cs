using SensorDash.Data.DuckDb;

namespace SensorDash.Data.Tests.DuckDb;

public sealed class DuckDbErrorTests : DuckDbTest
{
    [Theory]
    [InlineData("SELEC 1", nameof(DuckDbErrorKind.Other))]
    [InlineData("SELECT * FROM nowhere", nameof(DuckDbErrorKind.Other))]
    [InlineData("COMMIT", nameof(DuckDbErrorKind.Other))]
    [InlineData("SELECT 'x'::INTEGER", nameof(DuckDbErrorKind.Rejected))] // Found while it is planned,
    [InlineData("SELECT (range || 'x')::INTEGER FROM range(3)", nameof(DuckDbErrorKind.Rejected))] // and while it runs.
    [InlineData("SELECT 9223372036854775807::BIGINT + range FROM range(3)", nameof(DuckDbErrorKind.Rejected))]
    public void Statement_Fails_WithItsKindAndReason(string sql, string kind)
    {
        var executed = Assert.Throws<DuckDbException>(() => Connection.Execute(sql, None));
        Assert.Equal(kind, executed.Kind.ToString());
        Assert.NotEmpty(executed.Message);
        Assert.Equal(kind, Assert.Throws<DuckDbException>(() => Connection.Query(sql, None)).Kind.ToString());
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Execute_ConstraintViolated_IsRejected()
    {
        Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL CHECK (v > 0))");
        Execute("INSERT INTO t VALUES (1, 1)");
        Assert.Equal(DuckDbErrorKind.Rejected, KindOf("INSERT INTO t VALUES (1, 2)"));
        Assert.Equal(DuckDbErrorKind.Rejected, KindOf("INSERT INTO t VALUES (2, NULL)"));
        Assert.Equal(DuckDbErrorKind.Rejected, KindOf("INSERT INTO t VALUES (2, -1)"));
        Assert.Equal(1, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Execute_FatalError_EveryoneMustCloseBeforeTheFileOpensAgain()
    {
        Execute("CREATE TABLE t AS SELECT 1 AS v");
        Assert.Equal(DuckDbErrorKind.Fatal, KindOf("SET debug_checkpoint_abort = 'before_header'; CHECKPOINT"));
        Assert.Equal(DuckDbErrorKind.Fatal, KindOf("SELECT 1"));
        using (var again = DuckDbDatabase.Open(File, new()))
        using (var other = again.Connect())
            Assert.Equal(DuckDbErrorKind.Fatal, Assert.Throws<DuckDbException>(() => other.Execute("SELECT 1", None)).Kind);

        Connection.Dispose();
        Database.Dispose();
        using var anew = DuckDbDatabase.Open(File, new());
        using var connection = anew.Connect();
        Assert.Equal(1, connection.Scalar<int>("SELECT v FROM t"));
    }

    [Fact]
    public void Translate_InterruptWithoutCancellation_IsAnError()
    {
        var error = Assert.IsType<DuckDbException>(DuckDbException.Translate(new OperationCanceledException(), None));
        Assert.Equal(DuckDbErrorKind.Other, error.Kind);

        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.IsType<OperationCanceledException>(DuckDbException.Translate(new OperationCanceledException(), cancelled.Token));
        Assert.IsType<OperationCanceledException>(DuckDbException.Of(DuckDB.NET.Native.DuckDBErrorType.Interrupt, "INTERRUPT Error: Interrupted!", cancelled.Token));
        // Preparing a statement gives no type.
        Assert.IsType<OperationCanceledException>(DuckDbException.Of(DuckDB.NET.Native.DuckDBErrorType.Invalid, "INTERRUPT Error: Interrupted!", cancelled.Token));
    }

    [Fact]
    public void Translate_LibraryMissing_SaysSo()
    {
        var missing = new TypeInitializationException("DuckDB", new DllNotFoundException("Unable to load shared library 'duckdb'"));
        var error = Assert.IsType<DuckDbException>(DuckDbException.Translate(missing, None));
        Assert.Equal(DuckDbErrorKind.NoLibrary, error.Kind);
        Assert.Contains("shared library 'duckdb'", error.Message, StringComparison.Ordinal);
    }
}
