using System.Diagnostics;

namespace SensorDash.DuckDb.Tests;

public sealed class FileTests : IDisposable
{
    private readonly TemporaryFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Open_FileAgain_FindsWhatWasWritten()
    {
        for (var run = 0; run < 3; run++)
        {
            using var database = DuckDbDatabase.Open(_file.Path);
            Assert.Equal(_file.Path, database.Path);
            using var connection = database.Connect();
            connection.Execute("CREATE TABLE IF NOT EXISTS t (v INTEGER)", CancellationToken.None);
            connection.Execute("INSERT INTO t VALUES (1)", CancellationToken.None);
            Assert.Equal(run + 1, Count(connection));
        }
        using var readOnly = DuckDbDatabase.Open(_file.Path, new DuckDbOptions { AccessMode = DuckDbAccessMode.ReadOnly });
        using var reader = readOnly.Connect();
        Assert.Equal(3, Count(reader));
        Assert.Equal(
            DuckDbErrorKind.InvalidInput,
            Assert.Throws<DuckDbException>(() => reader.Execute("INSERT INTO t VALUES (1)", CancellationToken.None)).Kind);
    }

    [Fact]
    public void Open_TwiceInThisProcess_SharesOneDatabase()
    {
        using var first = DuckDbDatabase.Open(_file.Path);
        using var writer = first.Connect();
        writer.Execute("CREATE TABLE t AS SELECT 1 AS v", CancellationToken.None);
        var second = Path.Combine(Path.GetDirectoryName(_file.Path)!, ".", "data.duckdb");
        using (var same = DuckDbDatabase.Open(second))
        using (var reader = same.Connect()) Assert.Equal(1, Count(reader));

        var other = new DuckDbOptions { AccessMode = DuckDbAccessMode.ReadOnly };
        Assert.Equal(
            DuckDbErrorKind.Connection, Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(_file.Path, other)).Kind);
    }

    [Fact]
    public void Open_HeldByAnotherProcess_IsIO_AndOpensAfterItEnds()
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(typeof(FileTests).Assembly.Location);
        start.ArgumentList.Add(_file.Path);
        using var holder = Process.Start(start)!;
        Assert.Equal("open", holder.StandardOutput.ReadLine());

        var failure = Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(_file.Path));
        Assert.Equal(DuckDbErrorKind.IO, failure.Kind);
        Assert.Contains(_file.Path, failure.Message, StringComparison.Ordinal);

        holder.StandardInput.Close();
        holder.WaitForExit();
        DuckDbDatabase.Open(_file.Path).Dispose();
    }

    [Fact]
    public void Open_NoDuckDbFile_IsIO_AndLeavesItAlone()
    {
        var content = new byte[20_000];
        new Random(7).NextBytes(content);
        File.WriteAllBytes(_file.Path, content);
        var failure = Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(_file.Path));
        Assert.Equal(DuckDbErrorKind.IO, failure.Kind);
        Assert.Equal(content, File.ReadAllBytes(_file.Path));
    }

    [Fact]
    public void Query_DamagedBlock_IsAnErrorAndNotWrongRows()
    {
        using (var database = DuckDbDatabase.Open(_file.Path))
        using (var connection = database.Connect())
            connection.Execute("CREATE TABLE t AS SELECT hash(range) AS v FROM range(500000)", CancellationToken.None);
        using (var file = File.OpenWrite(_file.Path))
        {
            // Past the headers, in the middle of the rows.
            file.Position = file.Length / 2;
            file.Write(new byte[64]);
        }

        var failure = Assert.Throws<DuckDbException>(() =>
        {
            using var database = DuckDbDatabase.Open(_file.Path);
            using var connection = database.Connect();
            connection.Execute("SELECT sum(v) FROM t", CancellationToken.None);
        });
        Assert.Contains(failure.Kind, new[] { DuckDbErrorKind.IO, DuckDbErrorKind.Fatal, DuckDbErrorKind.DataCorruption });
    }

    [Fact]
    public void Open_MissingFileReadOnlyOrMissingFolder_IsIO()
    {
        var readOnly = new DuckDbOptions { AccessMode = DuckDbAccessMode.ReadOnly };
        Assert.Equal(DuckDbErrorKind.IO, Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(_file.Path, readOnly)).Kind);
        Assert.Equal(
            DuckDbErrorKind.IO, Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(_file.Path + "/no/folder")).Kind);
        Assert.Throws<ArgumentException>(() => DuckDbDatabase.Open(""));
    }

    private static long Count(DuckDbConnection connection)
    {
        using var result = connection.Query("SELECT count(*) FROM t", CancellationToken.None);
        return result.NextChunk(CancellationToken.None)![0].Values<long>()[0];
    }
}
