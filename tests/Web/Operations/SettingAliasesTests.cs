using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The settings' short names of the first hubs.</summary>
public sealed class SettingAliasesTests
{
    [Fact]
    public async Task ShortNames_Given_SetWhatTheLongOnesDo()
    {
        var options = await OptionsAsync(("DB_BATCH_SIZE", "250"), ("DB_FLUSH_INTERVAL", "2.5"));

        Assert.Equal((250, TimeSpan.FromMilliseconds(2500)), (options.BatchSize, options.FlushInterval));
    }

    [Fact]
    public async Task ShortNames_Absent_LeaveTheDefaults()
    {
        var (options, defaults) = (await OptionsAsync(), new IngestOptions());

        Assert.Equal((defaults.BatchSize, defaults.FlushInterval, defaults.BufferCapacity, defaults.AckTimeout, defaults.MaxBodyMiB),
            (options.BatchSize, options.FlushInterval, options.BufferCapacity, options.AckTimeout, options.MaxBodyMiB));
    }

    [Fact]
    public async Task ShortName_BesideTheLongOneOnTheCommandLine_Yields()
        => Assert.Equal(300, (await OptionsAsync(("DB_BATCH_SIZE", "250"), ("Ingest:BatchSize", "300"))).BatchSize);

    [Fact]
    public async Task DuckDbPath_Alone_IsTheFileBesideTheDatabase()
    {
        using var folder = new TemporaryFolder();
        await using var app = new SensorDashApp(("DUCKDB_PATH", folder.File("a.duckdb")));

        Assert.Equal(folder.File("a.duckdb"), app.Services.GetRequiredService<IOptions<AnalyticsOptions>>().Value.Path);
        Assert.Equal(ReadingsBackend.Database, app.Services.GetRequiredService<IOptions<ReadingsOptions>>().Value.Backend);
    }

    [Theory]
    [InlineData("duckdb", true)]
    [InlineData("DuckDB", true)]
    [InlineData("sqlite", false)]
    public async Task DuckDbPath_BesideABackend_IsTheStoresFile(string backend, bool isDuckDb)
    {
        using var folder = new TemporaryFolder();
        await using var app = new SensorDashApp(("DB_BACKEND", backend), ("DUCKDB_PATH", folder.File("a.duckdb")));

        var options = app.Services.GetRequiredService<IOptions<ReadingsOptions>>().Value;
        Assert.Equal((isDuckDb ? ReadingsBackend.DuckDb : ReadingsBackend.Database, folder.File("a.duckdb")), (options.Backend, options.DuckDb.Path));
        Assert.Equal(isDuckDb, app.Store is DuckDbReadingStore);
        Assert.NotEqual(folder.File("a.duckdb"), app.Services.GetRequiredService<IOptions<AnalyticsOptions>>().Value.Path);
    }

    private static async Task<IngestOptions> OptionsAsync(params (string, string)[] settings)
    {
        await using var app = new SensorDashApp(settings);
        return app.Services.GetRequiredService<IOptions<IngestOptions>>().Value;
    }
}
