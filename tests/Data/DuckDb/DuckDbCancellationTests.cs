namespace SensorDash.Data.Tests.DuckDb;

/// <summary>Each test that lets a token fire waits for a statement that takes hours: it ends because it is interrupted.</summary>
public sealed class DuckDbCancellationTests : DuckDbTest
{
    private const string Endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE (a.range * b.range) % 7 = 3";

    private static readonly TimeSpan _soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void Execute_Cancelled_EndsAndTheConnectionWorksOn()
    {
        using var cancellation = new CancellationTokenSource(_soon);
        var error = Assert.Throws<OperationCanceledException>(() => Connection.Execute(Endless, cancellation.Token));
        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Query_CancelledBeforeTheFirstRow_Ends()
    {
        using var cancellation = new CancellationTokenSource(_soon);
        Assert.Throws<OperationCanceledException>(() => Connection.Query(Endless, cancellation.Token));
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Read_Cancelled_IsNotTakenForTheEnd()
    {
        using var cancellation = new CancellationTokenSource();
        using (var rows = Connection.Query("SELECT range FROM range(1000000000000) WHERE range < 200000 OR hash(range) = 0", cancellation.Token))
        {
            Assert.True(rows.Read());
            cancellation.CancelAfter(_soon);
            Assert.Throws<OperationCanceledException>(() =>
            {
                while (rows.Read()) { }
            });
        }
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Read_CancelledBetweenTwoRows_IsNotTakenForTheEnd()
    {
        using var cancellation = new CancellationTokenSource();
        using var rows = Connection.Query("SELECT range FROM range(1000000)", cancellation.Token);
        Assert.True(rows.Read());
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
        {
            while (rows.Read()) { }
        });
    }

    [Fact]
    public void Execute_TokenCancelledBefore_DoesNotRun()
    {
        Assert.Throws<OperationCanceledException>(() => Connection.Execute("CREATE TABLE t (v INTEGER)", new CancellationToken(true)));
        Assert.Empty(Connection.Column<string>("SELECT table_name FROM duckdb_tables()"));
    }

    [Fact]
    public void Execute_InsertCancelled_ChangesNothing()
    {
        Execute("CREATE TABLE t (v BIGINT)");
        using var cancellation = new CancellationTokenSource(_soon);
        Assert.Throws<OperationCanceledException>(() => Connection.Execute($"INSERT INTO t {Endless}", cancellation.Token));
        Assert.Equal(0, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Append_CancelledInTransaction_LeavesNothing()
    {
        Execute("CREATE TABLE t (v BIGINT)");
        using var cancellation = new CancellationTokenSource();
        using (Connection.BeginTransaction(None))
        {
            Assert.Throws<OperationCanceledException>(() => Connection.Append("t", Endlessly(), (row, value) =>
            {
                if (value == 500_000) cancellation.Cancel();
                row.AppendValue(value);
            }, cancellation.Token));
        }
        Assert.Equal(0, Scalar<long>("SELECT count(*) FROM t"));

        static IEnumerable<long> Endlessly()
        {
            for (var i = 0L; ; i++) yield return i;
        }
    }

    [Fact]
    public void Execute_CancelledAtAnyMoment_SucceedsOrIsCancelledAndNeverHurtsTheNext()
    {
        var cancelled = 0;
        for (var i = 0; i < 400; i++)
        {
            using var cancellation = new CancellationTokenSource(TimeSpan.FromMicroseconds(i % 40 * 100));
            try
            {
                Connection.Execute("SELECT sum(range) FROM range(300000) WHERE range % 7 = 3", cancellation.Token);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
            Assert.Equal(1, Scalar<int>("SELECT 1"));
        }
        Assert.NotEqual(0, cancelled); // Each 40th is cancelled before it begins.
    }
}
