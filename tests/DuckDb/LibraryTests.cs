namespace SensorDash.DuckDb.Tests;

public sealed class LibraryTests
{
    [Fact]
    public void Version_OfTheLibraryOfTheBuild_Is15OrNewer()
    {
        Assert.StartsWith("v1.", DuckDbLibrary.Version, StringComparison.Ordinal);
    }

    [Fact]
    public void Candidates_NothingChosen_AreTheBuildsPlaces()
    {
        var places = DuckDbLibrary.Candidates(null, "/app", "linux-arm64");
        Assert.Equal(2, places.Count);
        Assert.StartsWith(Path.Combine("/app", "runtimes", "linux-arm64", "native"), places[0], StringComparison.Ordinal);
        Assert.Equal("/app", Path.GetDirectoryName(places[1])!.Replace('\\', '/'));
    }

    [Fact]
    public void Candidates_FileOrFolderChosen_AreItAlone()
    {
        using var file = new TemporaryFile();
        Assert.Equal([file.Path], DuckDbLibrary.Candidates(file.Path, "/app", "linux-x64"));
        var folder = Path.GetDirectoryName(file.Path)!;
        Assert.Equal(folder, Path.GetDirectoryName(Assert.Single(DuckDbLibrary.Candidates(folder, "/app", "linux-x64"))));
    }

    [Fact]
    public void LoadFirst_Missing_SaysWhereAndHowToGetIt()
    {
        var failure = Assert.Throws<DuckDbLibraryException>(
            () => DuckDbLibrary.LoadFirst(["/nowhere/libduckdb.so", "/app/libduckdb.so"]));
        Assert.Contains("/nowhere/libduckdb.so, /app/libduckdb.so", failure.Message, StringComparison.Ordinal);
        Assert.Contains("DuckDbRuntimes", failure.Message, StringComparison.Ordinal);
        Assert.Contains("DUCKDB_LIBRARY", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadFirst_NoLibrary_SaysWhichFile()
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Path, "not a library");
        var failure = Assert.Throws<DuckDbLibraryException>(() => DuckDbLibrary.LoadFirst([file.Path]));
        Assert.Contains(file.Path, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);
    }

    [Theory]
    [InlineData("v1.5.0")]
    [InlineData("v1.5.6")]
    [InlineData("v1.12.0-dev42")]
    public void CheckVersion_Known_Passes(string version) => DuckDbLibrary.CheckVersion(version, "here");

    [Theory]
    [InlineData("v0.10.3")]
    [InlineData("v1.4.4")]
    [InlineData("v2.0.0")]
    [InlineData("a1b2c3")]
    public void CheckVersion_Other_SaysWhichAndWhatIsNeeded(string version)
    {
        var failure = Assert.Throws<DuckDbLibraryException>(() => DuckDbLibrary.CheckVersion(version, "here"));
        Assert.Contains(version, failure.Message, StringComparison.Ordinal);
        Assert.Contains("1.5", failure.Message, StringComparison.Ordinal);
    }
}
