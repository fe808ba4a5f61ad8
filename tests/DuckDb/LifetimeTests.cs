using System.Runtime.CompilerServices;

namespace SensorDash.DuckDb.Tests;

public sealed class LifetimeTests : DuckDbTest
{
    [Fact]
    public void Members_AfterDispose_ThrowObjectDisposed()
    {
        var database = DuckDbDatabase.Open();
        var connection = database.Connect();
        connection.Execute("CREATE TABLE t (v INTEGER)", None);
        var statement = connection.Prepare("SELECT $1", None);
        var result = connection.Query("SELECT 1", None);
        var chunk = result.NextChunk(None)!;
        var column = chunk[0];
        var appender = connection.CreateAppender(null, "t");

        foreach (var each in new IDisposable[] { appender, result, statement, connection, database })
        {
            each.Dispose();
            each.Dispose();
        }
        Assert.Throws<ObjectDisposedException>(() => appender.Append(1));
        Assert.Throws<ObjectDisposedException>(() => appender.Flush(None));
        Assert.Throws<ObjectDisposedException>(() => result.NextChunk(None));
        Assert.Throws<ObjectDisposedException>(() => chunk[0]);
        Assert.Throws<ObjectDisposedException>(() => column.Values<int>().Length);
        Assert.Throws<ObjectDisposedException>(() => column.IsNull(0));
        Assert.Throws<ObjectDisposedException>(() => column.GetString(0));
        Assert.Throws<ObjectDisposedException>(() => statement.Bind(1, 1));
        Assert.Throws<ObjectDisposedException>(() => statement.Query(None));
        Assert.Throws<ObjectDisposedException>(() => connection.Execute("SELECT 1", None));
        Assert.Throws<ObjectDisposedException>(() => connection.Prepare("SELECT 1", None));
        Assert.Throws<ObjectDisposedException>(() => connection.CreateAppender(null, "t"));
        Assert.Throws<ObjectDisposedException>(connection.Interrupt);
        Assert.Throws<ObjectDisposedException>(() => database.Connect());
    }

    [Fact]
    public void Chunk_AfterTheNextOne_Throws()
    {
        using var result = Connection.Query("SELECT * FROM range(5000)", None);
        var first = result.NextChunk(None)!;
        var column = first[0];
        Assert.NotNull(result.NextChunk(None));
        Assert.Throws<ObjectDisposedException>(() => first[0]);
        Assert.Throws<ObjectDisposedException>(() => column.Values<long>().Length);
    }

    [Fact]
    public void Dispose_ParentsFirst_ChildrenStillWork()
    {
        var database = DuckDbDatabase.Open();
        var connection = database.Connect();
        using var statement = connection.Prepare("SELECT 'a text longer than twelve bytes' FROM range(5000)", None);
        using var result = statement.Query(None);
        database.Dispose();
        connection.Dispose();
        Assert.Equal("a text longer than twelve bytes", result.NextChunk(None)![0].GetString(4));
        Assert.NotNull(result.NextChunk(None));
    }

    [Fact]
    public void Forgotten_Objects_AreFreedByTheCollector_AndTheFileWithThem()
    {
        using var file = new TemporaryFile();
        Forget(file.Path);
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        // Other options: refused if the forgotten database were still open.
        DuckDbDatabase.Open(file.Path, new DuckDbOptions { Threads = 1 }).Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(string path)
    {
        var connection = DuckDbDatabase.Open(path).Connect();
        connection.Execute("CREATE TABLE t (v INTEGER)", None);
        var appender = connection.CreateAppender(null, "t");
        appender.Append(1);
        appender.EndRow();
        connection.Prepare("SELECT $1", None).Bind(1, 1);
        Assert.NotNull(connection.Query("SELECT * FROM range(5000)", None).NextChunk(None)![0]);
    }
}
