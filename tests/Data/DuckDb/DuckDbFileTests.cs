using SensorDash.Data.DuckDb;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.DuckDb;

public sealed class DuckDbFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Data => _folder.File("da;ta='1'.duckdb");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FileAgain_FindsWhatWasWritten()
    {
        for (var run = 1; run <= 3; run++)
        {
            using var database = DuckDbDatabase.Open(Data, new());
            using var connection = database.Connect();
            connection.Execute("CREATE TABLE IF NOT EXISTS t (v INTEGER); INSERT INTO t VALUES (1)", CancellationToken.None);
            Assert.Equal(run, Count(connection));
        }
        Assert.True(File.Exists(Data));
    }

    [Fact]
    public void Open_AgainByAnotherSpelling_SharesOneDatabaseWithItsOptions()
    {
        using var first = DuckDbDatabase.Open(Data, new(MemoryLimitMiB: 64));
        using (var writer = first.Connect()) writer.Execute("CREATE TABLE t AS SELECT 1 AS v", CancellationToken.None);

        using var second = DuckDbDatabase.Open(Path.Combine(_folder.Path, ".", Path.GetFileName(Data)), new(MemoryLimitMiB: 128));
        using var reader = second.Connect();
        Assert.Equal(1, Count(reader));
        Assert.Equal("64.0 MiB", reader.Scalar<string>("SELECT current_setting('memory_limit')"));
    }

    [Fact]
    public void Open_Options_ReachDuckDb()
    {
        using (var database = DuckDbDatabase.Open(Data, new(MemoryLimitMiB: 64, Threads: 1)))
        using (var connection = database.Connect())
        {
            Assert.Equal("64.0 MiB", connection.Scalar<string>("SELECT current_setting('memory_limit')"));
            Assert.Equal(1, connection.Scalar<long>("SELECT current_setting('threads')"));
        }
        using (var database = DuckDbDatabase.Open(Data, new(Threads: 0)))
        using (var connection = database.Connect())
            Assert.Equal(Environment.ProcessorCount, connection.Scalar<long>("SELECT current_setting('threads')"));
    }

    [Theory]
    [InlineData("COPY (SELECT 1) TO 'FILE'")]
    [InlineData("SELECT * FROM read_csv('FILE')")]
    [InlineData("ATTACH 'FILE' AS other")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD httpfs")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("SET autoload_known_extensions = true; SELECT * FROM 'https://localhost/a.parquet'")]
    public void Execute_OutsideTheFile_IsRefused(string sql)
    {
        var other = _folder.File("other.csv");
        using var database = DuckDbDatabase.Open(Data, new());
        using var connection = database.Connect();
        Assert.Throws<DuckDbException>(() => connection.Execute(sql.Replace("FILE", other, StringComparison.Ordinal), CancellationToken.None));
        Assert.False(File.Exists(other));
    }

    [Fact]
    public void Query_MoreThanTheMemoryLimit_SpillsBesideTheFile()
    {
        using var database = DuckDbDatabase.Open(Data, new(MemoryLimitMiB: 48, Threads: 1));
        using var connection = database.Connect();
        connection.Execute("CREATE TABLE t AS SELECT hash(range) AS a, hash(-range) AS b FROM range(4000000)", CancellationToken.None);
        connection.Execute("CREATE TABLE sorted AS SELECT * FROM t ORDER BY a", CancellationToken.None);
        Assert.Equal(4_000_000, Count(connection, "sorted"));
    }

    [Fact]
    public void Execute_MemoryLimitReached_FailsAndTheConnectionWorksOn()
    {
        using var database = DuckDbDatabase.Open(Data, new(MemoryLimitMiB: 16, Threads: 1));
        using var connection = database.Connect();
        // A list is one value, so it cannot be spilled in parts.
        var error = Assert.Throws<DuckDbException>(() => connection.Execute("SELECT list(hash(range)) FROM range(20000000)", CancellationToken.None));
        Assert.Equal(DuckDbErrorKind.Other, error.Kind);
        Assert.Equal(1, connection.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public async Task Open_HeldByAnotherProcess_IsLockedUntilItEnds()
    {
        await using (var holder = await SensorDashProcess.StartAsync(_folder.File("other.db"), ("Analytics__Path", Data)))
        {
            await holder.Client.WaitForSidePathAsync("ready");
            var error = Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(Data, new()));
            Assert.Equal(DuckDbErrorKind.Locked, error.Kind);
            Assert.Contains(Data, error.Message, StringComparison.Ordinal);
            await holder.KillAsync();
        }
        DuckDbDatabase.Open(Data, new()).Dispose();
    }

    [Fact]
    public void Open_NotADuckDbFile_IsIOAndLeavesItAlone()
    {
        var content = new byte[20_000];
        new Random(7).NextBytes(content);
        File.WriteAllBytes(Data, content);

        var error = Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(Data, new()));

        Assert.Equal(DuckDbErrorKind.IO, error.Kind);
        Assert.StartsWith("IO Error", error.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(Data));
        File.Delete(Data);
        DuckDbDatabase.Open(Data, new()).Dispose(); // The driver remembers nothing of it.
    }

    [Fact]
    public void Query_DamagedBlock_IsAnErrorAndNotWrongRows()
    {
        using (var database = DuckDbDatabase.Open(Data, new()))
        using (var connection = database.Connect())
            connection.Execute("CREATE TABLE t AS SELECT hash(range) AS v FROM range(500000)", CancellationToken.None);
        using (var file = File.OpenWrite(Data))
        {
            // Past the headers, in the middle of the rows.
            file.Position = file.Length / 2;
            file.Write(new byte[64]);
        }

        var error = Assert.Throws<DuckDbException>(() =>
        {
            using var database = DuckDbDatabase.Open(Data, new());
            using var connection = database.Connect();
            connection.Execute("SELECT sum(v) FROM t", CancellationToken.None);
        });

        Assert.Contains(error.Kind, new[] { DuckDbErrorKind.IO, DuckDbErrorKind.Fatal });
    }

    [Fact]
    public void Open_FolderMissingOrPathEmpty_IsRefused()
    {
        Assert.Equal(DuckDbErrorKind.IO, Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(_folder.File("no/folder"), new())).Kind);
        Assert.Throws<ArgumentException>(() => DuckDbDatabase.Open("", new()));
    }

    private static long Count(DuckDbConnection connection, string table = "t") => connection.Scalar<long>($"SELECT count(*) FROM {table}");
}
