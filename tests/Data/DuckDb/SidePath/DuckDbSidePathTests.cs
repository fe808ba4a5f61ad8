using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.DuckDb.SidePath;

/// <summary>The side path may empty and delete its file, so it must know its own.</summary>
public sealed class DuckDbSidePathTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private DuckDbStoreFixture _store = null!;

    public async Task InitializeAsync()
    {
        _store = await DuckDbStoreFixture.CreateAsync();
        await _store.Store.AddAsync(Reading(1), Reading(2));
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task OpenAndRemove_FileThatIsAStore_AreRefusedAndTheReadingsStay()
    {
        var options = new AnalyticsOptions { Path = _folder.File("copy.duckdb") };
        _store.Execute("CHECKPOINT");
        File.Copy(_store.File.Path, options.Path);

        Assert.Contains("store of readings", Assert.Throws<InvalidDataException>(() => DuckDbSidePath.Open(options, default)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => DuckDbSidePath.Remove(options, new ManualTime(), default));

        using var copy = new DuckDbClient(options.Path);
        Assert.Equal(2, copy.Scalar<long>("SELECT count(*) FROM sensor_readings"));
        Assert.Equal(2, await _store.Store.CountAsync(default, default));
    }

    [Fact]
    public void Remove_CorruptFile_RenamesIt()
    {
        var options = new AnalyticsOptions { Path = _folder.File("side.duckdb") };
        var content = "no database, and long enough to be looked at" + new string('x', 20_000);
        File.WriteAllText(options.Path, content);

        var aside = DuckDbSidePath.Remove(options, new ManualTime(), default);

        Assert.False(File.Exists(options.Path));
        Assert.Equal(content, File.ReadAllText(aside!));
    }

    [Fact]
    public void Remove_TwiceAtOnce_KeepsBothFiles()
    {
        var options = new AnalyticsOptions { Path = _folder.File("side.duckdb") };
        var asides = Enumerable.Range(0, 2).Select(i =>
        {
            File.WriteAllText(options.Path, $"{i}");
            return DuckDbSidePath.Remove(options, new ManualTime(), default)!;
        }).ToArray();

        Assert.Equal(["0", "1"], asides.Select(File.ReadAllText));
    }
}
