using SensorDash.Data.DuckDb;

namespace SensorDash.Data.Tests.DuckDb;

public sealed class DuckDbLifetimeTests : DuckDbTest
{
    private const string Many = "SELECT 'a text longer than twelve bytes ' || range FROM range(1000000)";

    [Fact]
    public void Rows_ConnectionDisposedFirst_ThrowAndReadNoFreedMemory()
    {
        var rows = Connection.Query(Many, None);
        Assert.True(rows.Read());
        Connection.Dispose();
        Assert.Throws<ObjectDisposedException>(() => rows.Read());
        Assert.Throws<ObjectDisposedException>(() => rows.Get<string>(0));
        rows.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Connection.Execute("SELECT 1", None));
        Assert.Throws<ObjectDisposedException>(() => Connection.Query("SELECT 1", None));
    }

    [Fact]
    public void Rows_AnotherStatementRuns_HaveEnded()
    {
        using var rows = Connection.Query(Many, None);
        Assert.True(rows.Read());
        Assert.Equal(1, Scalar<int>("SELECT 1"));
        Assert.Throws<ObjectDisposedException>(() => rows.Read());
    }

    [Fact]
    public void Rows_LeftHalfRead_LeaveTheConnectionUsable()
    {
        for (var i = 0; i < 20; i++)
        {
            using var rows = Connection.Query(Many, None);
            Assert.True(rows.Read());
        }
        Execute("CREATE TABLE t (v INTEGER)");
    }

    [Fact]
    public void Database_DisposedFirst_ConnectionsWorkOnAndNoneIsGiven()
    {
        Database.Dispose();
        Assert.Equal(1, Scalar<int>("SELECT 1"));
        Assert.Throws<ObjectDisposedException>(() => Database.Connect());
    }

    [Fact]
    public void Database_NoConnectionLeft_StaysOpenUntilItIsDisposed()
    {
        Connection.Dispose();
        Assert.True(IsOpen());
        using (var connection = Database.Connect()) connection.Execute("CREATE TABLE t (v INTEGER)", None);
        Assert.True(IsOpen());
        Database.Dispose();
        Assert.False(IsOpen());
    }

    [Fact]
    public void Transaction_ConnectionDisposedFirst_IsRolledBack()
    {
        Execute("CREATE TABLE t (v INTEGER)");
        using (var transaction = Connection.BeginTransaction(None))
        {
            Execute("INSERT INTO t VALUES (1)");
            Connection.Dispose();
        }
        using var other = Database.Connect();
        Assert.Equal(0, other.Scalar<long>("SELECT count(*) FROM t"));
    }

    // An open file keeps the options of its first opener.
    private bool IsOpen()
    {
        using var database = DuckDbDatabase.Open(File, new(MemoryLimitMiB: 77));
        using var connection = database.Connect();
        return connection.Scalar<string>("SELECT current_setting('memory_limit')") != "77.0 MiB";
    }
}
