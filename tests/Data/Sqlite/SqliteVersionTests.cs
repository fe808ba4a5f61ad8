using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Sqlite;

public sealed class SqliteVersionTests
{
    private static readonly SqliteVersion _withWalResetBug = new(new Version(3, 51, 2));

    [Theory]
    [InlineData("3.6.23")]
    [InlineData("3.44.6")]
    [InlineData("3.44.7")]
    [InlineData("3.50.7")]
    [InlineData("3.50.8")]
    [InlineData("3.51.3")]
    [InlineData("3.52.0")]
    [InlineData("3.53.0")]
    [InlineData("3.53.3")]
    [InlineData("4.0.0")]
    public void Problem_ReleaseWithoutTheWalResetBug_IsNull(string version) => Assert.Null(new SqliteVersion(Version.Parse(version)).Problem);

    [Theory]
    [InlineData("3.7.0")]
    [InlineData("3.35.5")]
    [InlineData("3.40.1")]
    [InlineData("3.43.6")]
    [InlineData("3.44.5")]
    [InlineData("3.45.0")]
    [InlineData("3.45.7")]
    [InlineData("3.49.9")]
    [InlineData("3.50.6")]
    [InlineData("3.51.0")]
    [InlineData("3.51.2")]
    public void Problem_ReleaseWithTheWalResetBug_NamesItAndWhatToUse(string version)
    {
        var problem = new SqliteVersion(Version.Parse(version)).Problem;

        Assert.Contains($" {version} ", problem, StringComparison.Ordinal);
        Assert.Contains("3.51.3", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loaded_IsWhatTheDatabaseSaysAndHasNoProblem()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();

        var report = await new SqliteStoreReporter(fixture.Database, SqliteVersion.Loaded).ReadAsync(default);

        Assert.Equal(SqliteVersion.Loaded.Number.ToString(), report.Version);
        Assert.Empty(report.Notes);
        Assert.Null(SqliteVersion.Loaded.Problem);
    }

    [Fact]
    public async Task Claim_ReleaseWithTheWalResetBug_IsRefusedBeforeTheFileIsTouched()
    {
        using var folder = new TemporaryFolder();
        using var database = new SqliteDatabase(Options.Create(new SqliteOptions { Path = folder.File("a.db") }));
        using var start = new SqliteStartup(database, _withWalResetBug, new SqliteErrors(), Microsoft.Extensions.Options.Options.Create(new SensorDash.Data.Readings.ReadingsOptions()), new ManualTime(), new RecordedLog<SqliteStartup>());

        var refused = await Assert.ThrowsAsync<StoreStartupException>(() => start.ClaimAsync(default));

        Assert.Equal(_withWalResetBug.Problem, refused.Message);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Report_ReleaseWithTheWalResetBug_IsALimitationAndANote()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        var reporter = new SqliteStoreReporter(fixture.Database, _withWalResetBug);

        Assert.Equal(_withWalResetBug.Problem, await reporter.ReadLimitationAsync(default));
        Assert.Equal([_withWalResetBug.Problem!], (await reporter.ReadAsync(default)).Notes);
    }
}
