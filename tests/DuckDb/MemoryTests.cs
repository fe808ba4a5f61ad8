using System.Globalization;

namespace SensorDash.DuckDb.Tests;

/// <summary>
/// Native memory of the process (anonymous memory less the collector's) stays flat over some seconds of work, and with
/// SENSORDASH_SOAK=full over 100 000 cycles and 100 000 openings, which takes an hour.
/// </summary>
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    // Malloc arenas breathe by 1 or 2 MiB. One native result that is not freed takes 1 KiB and more.
    private const double AllowedMiB = 4;

    private const int MostWarmUp = 2_000;

    private static readonly bool _full = Environment.GetEnvironmentVariable("SENSORDASH_SOAK") == "full";

    [Fact]
    public void QueryFailPrepareBindAppend_LeavesMemoryFlat()
    {
        using var database = DuckDbDatabase.Open(null, new DuckDbOptions { Threads = 1 });
        using var connection = database.Connect();
        connection.Execute("CREATE TABLE t (v INTEGER PRIMARY KEY)", CancellationToken.None);
        connection.Execute("INSERT INTO t VALUES (1)", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var token = cancellation.Token;

        Flat(_full ? 100_000 : 10_000, cycle =>
        {
            using (var result = connection.Query("SELECT 'a text longer than twelve bytes', [1, 2]", token))
                Assert.Equal(31, result.NextChunk(token)![0].GetUtf8(0).Length);
            Assert.Throws<DuckDbException>(() => connection.Execute("SELEC 1", token));
            if (cycle % 4 != 0) return;

            // Slower than all of the above.
            using var statement = connection.Prepare("SELECT $name", token);
            statement.Bind("name", "another text longer than twelve bytes");
            using (var result = statement.QueryStreaming(token)) Assert.NotNull(result.NextChunk(token)![0].GetString(0));
            using var appender = connection.CreateAppender(null, "t");
            appender.Append(1);
            appender.EndRow();
            Assert.Throws<DuckDbException>(() => appender.Flush(token));
            using var other = database.Connect();
        });
    }

    [Fact]
    public void Open_AndFailToOpen_LeavesMemoryFlat()
    {
        using var file = new TemporaryFile();
        var bad = new TemporaryFile();
        File.WriteAllText(bad.Path, new string('x', 10_000));
        Flat(_full ? 100_000 : 100, _ =>
        {
            using var database = DuckDbDatabase.Open(file.Path, new DuckDbOptions { Threads = 1 });
            using var connection = database.Connect();
            connection.Execute("SELECT 1", CancellationToken.None);
            Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(bad.Path));
        });
        bad.Dispose();
    }

    private static void Flat(int cycles, Action<int> cycle)
    {
        for (var i = 0; i < Math.Min(cycles / 5, MostWarmUp); i++) cycle(i);
        var before = NativeMiB();
        for (var i = 0; i < cycles; i++) cycle(i);
        var grown = NativeMiB() - before;
        Assert.True(grown < AllowedMiB, $"{grown:F1} MiB more after {cycles} cycles, on {before:F1} MiB");
    }

    private static double NativeMiB()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        // Other systems do not tell; there the cycles still run, for what they may throw.
        if (!OperatingSystem.IsLinux()) return 0;
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        var anonymousKiB = long.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture);
        return anonymousKiB / 1024d - GC.GetGCMemoryInfo().TotalCommittedBytes / 1024d / 1024d;
    }
}

/// <summary>Alone: other tests' memory would be counted.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryAlone;
