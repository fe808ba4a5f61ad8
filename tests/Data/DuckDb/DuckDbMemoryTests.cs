using System.Runtime.InteropServices;
using SensorDash.Data.DuckDb;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.DuckDb;

/// <summary>What is allocated natively is freed again.</summary>
/// <remarks>Measured is what the allocator has given out and not got back, not what the process holds of the system. The JIT compiler and
/// other threads of the process allocate now and then, more of them on a busy machine; a leak grows in every window. So the windows go on until
/// two of them have not grown.</remarks>
[Collection(nameof(DuckDbMemoryTests))]
public sealed class DuckDbMemoryTests : IDisposable
{
    private const int MostWindows = 60;

    // The least that a native object takes.
    private const int SmallestObject = 32;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void QueryFailAppendRollBack_AreFreed()
    {
        using var database = DuckDbDatabase.Open(_folder.File("data.duckdb"), new(Threads: 1));
        using var connection = database.Connect();
        connection.Execute("CREATE TABLE t (v INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();

        AssertFreed(500, () =>
        {
            using (var rows = connection.Query("SELECT 'a text longer than twelve bytes', [1, 2]::DOUBLE[] FROM range(3000)", cancellation.Token))
            {
                Assert.True(rows.Read());
                Assert.Equal(31, rows.Get<string>(0).Length);
                Assert.Equal([1, 2], rows.Get<List<double>>(1));
            }
            Assert.Throws<DuckDbException>(() => connection.Execute("SELEC 1", cancellation.Token));
            connection.ReadVectors("SELECT range FROM range(3000)", _ => true, cancellation.Token);
            connection.ReadVectors("SELECT range FROM range(9000)", _ => false, cancellation.Token);
            Assert.Throws<DuckDbException>(() => connection.ReadVectors("SELECT * FROM missing", _ => true, cancellation.Token));
            Assert.Throws<DuckDbException>(() => connection.ReadVectors("SELECT CASE WHEN range = 2500 THEN 'x' ELSE '1' END::INTEGER FROM range(3000)", _ => true, cancellation.Token));
            using var transaction = connection.BeginTransaction(cancellation.Token);
            Assert.Throws<DuckDbException>(() => connection.Append("t", [2, 1], (row, v) => row.AppendValue(v), cancellation.Token));
        });
        using var other = database.Connect();
    }

    [Fact]
    public void Connections_AreFreed()
    {
        using var database = DuckDbDatabase.Open(_folder.File("data.duckdb"), new(Threads: 1));
        AssertFreed(200, () =>
        {
            using var connection = database.Connect();
            using var rows = connection.Query("SELECT * FROM range(3000)", CancellationToken.None);
            Assert.True(rows.Read());
        });
    }

    [Fact]
    public void OpeningsAndFailedOpenings_AreFreed()
    {
        var bad = _folder.File("bad.duckdb");
        File.WriteAllText(bad, new string('x', 10_000));
        AssertFreed(20, () =>
        {
            using var database = DuckDbDatabase.Open(_folder.File("data.duckdb"), new(Threads: 1));
            using var connection = database.Connect();
            connection.Execute("SELECT 1", CancellationToken.None);
            Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(bad, new(Threads: 1)));
        });
    }

    private static void AssertFreed(int cycles, Action cycle)
    {
        var grown = new List<long>();
        var before = NativeBytes();
        while (grown.Count(bytes => bytes < cycles * SmallestObject) < 2)
        {
            Assert.True(grown.Count < MostWindows, $"{string.Join(", ", grown)} bytes more after {cycles} cycles each");
            for (var i = 0; i < cycles; i++) cycle();
            var after = NativeBytes();
            grown.Add(after - before);
            before = after;
        }
    }

    private static long NativeBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        // Other systems do not tell; there the cycles still run, for what they may throw.
        if (!OperatingSystem.IsLinux()) return 0;
        var state = AllocatorState();
        return (long)(state.InUse + state.InUseMapped);
    }

    [DllImport("libc", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern Allocator AllocatorState();

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Allocator
    {
        private readonly nuint _arena, _freeChunks, _fastChunks, _mappedChunks;
        public readonly nuint InUseMapped;
        private readonly nuint _unused, _fastFree;
        public readonly nuint InUse;
        private readonly nuint _free, _trimmable;
    }
}

/// <summary>Alone: other tests' memory would be counted.</summary>
[CollectionDefinition(nameof(DuckDbMemoryTests), DisableParallelization = true)]
public sealed class DuckDbMemoryAlone;
