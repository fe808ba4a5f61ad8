using System.Diagnostics;

namespace SensorDash.DuckDb.Tests;

public sealed class CancellationTests : DuckDbTest
{
    // Hours of work, not the seconds a test may take.
    private const string Endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE (a.range * b.range) % 7 = 3";

    // However late a busy machine lets a token fire, it fires long before that.
    private static readonly TimeSpan _promptly = TimeSpan.FromMinutes(1);

    [Fact]
    public void Query_Cancelled_EndsPromptly_AndTheConnectionWorksOn()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var clock = Stopwatch.StartNew();
        var failure = Assert.Throws<OperationCanceledException>(() => Connection.Query(Endless, cancellation.Token));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, _promptly);
        Assert.Equal(cancellation.Token, failure.CancellationToken);
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Statement_Cancelled_EndsPromptly_AndRunsAgain()
    {
        using var statement = Connection.Prepare(
            "SELECT count(*) FROM range($1) a, range($1) b WHERE (a.range * b.range) % 7 = 3", None);
        statement.Bind(1, 10_000_000L);
        using (var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50)))
            Assert.Throws<OperationCanceledException>(() => statement.Query(cancellation.Token));
        statement.Bind(1, 10L);
        statement.Execute(None);
    }

    [Fact]
    public void QueryStreaming_CancelledBeforeTheFirstRow_EndsPromptly()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => Connection.QueryStreaming(Endless, cancellation.Token));
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void NextChunk_StreamingCancelled_IsNotTakenForTheEnd()
    {
        const string Sql = "SELECT range FROM range(1000000000000) WHERE range < 200000 OR hash(range) = 0";
        using (var result = Connection.QueryStreaming(Sql, None))
        {
            Assert.NotNull(result.NextChunk(None));
            using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Assert.Throws<OperationCanceledException>(() => { while (result.NextChunk(cancellation.Token) is not null) { } });
        }
        Assert.Equal(1, Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Query_TokenCancelledBefore_DoesNotRun()
    {
        Assert.Throws<OperationCanceledException>(
            () => Connection.Execute("CREATE TABLE t (v INTEGER)", new CancellationToken(true)));
        Assert.Equal(DuckDbErrorKind.Catalog, KindOf("SELECT * FROM t"));
    }

    [Fact]
    public void Insert_Cancelled_ChangesNothing()
    {
        Connection.Execute("CREATE TABLE t (v BIGINT)", None);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => Connection.Execute($"INSERT INTO t {Endless}", cancellation.Token));
        Assert.Equal(0, Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Interrupt_WithoutToken_IsADuckDbException()
    {
        var query = Task.Run(() => Assert.Throws<DuckDbException>(() => Connection.Query(Endless, None)));
        // One interrupt may come before the query has begun, and is then forgotten.
        while (!query.IsCompleted)
        {
            Connection.Interrupt();
            await Task.Yield();
        }
        Assert.Equal(DuckDbErrorKind.Interrupt, (await query).Kind);
    }

    [Fact]
    public void Query_CancelledAtAnyMoment_SucceedsOrIsCancelled_AndNeverHurtsTheNext()
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
        Assert.NotEqual(0, cancelled);
    }
}
