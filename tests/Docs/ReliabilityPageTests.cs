using System.Text.RegularExpressions;

namespace SensorDash.Docs.Tests;

/// <summary>What docs/reliability.md says can be run again, and names what exists.</summary>
public sealed partial class ReliabilityPageTests
{
    private static readonly string _page = Repository.Read("docs/reliability.md");

    [Theory]
    [InlineData("SENSORDASH_FAULTS", "tests/Faults/AttackSize.cs")]
    [InlineData("SENSORDASH_FAULTS_SEED", "tests/Faults/AttackSize.cs")]
    [InlineData("SENSORDASH_FAULTS_LOG", "tests/Faults/Findings.cs")]
    [InlineData("SENSORDASH_SOAK", "tests/Soak/SoakSize.cs")]
    [InlineData("SENSORDASH_SOAK_MINUTES", "tests/Soak/LongRun/SoakRun.cs")]
    [InlineData("SENSORDASH_SOAK_LOG", "tests/Soak/LongRun/SampleLog.cs")]
    public void Variables_AreThoseThatTheTestsRead(string name, string file)
    {
        Assert.Contains(name, _page, StringComparison.Ordinal);
        Assert.Contains($"GetEnvironmentVariable(\"{name}\")", Repository.Read(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_NameProjectsThatExist()
    {
        var projects = Project().Matches(_page).Select(match => match.Groups[1].Value).Distinct().ToArray();
        Assert.Contains("tests/Faults", projects);
        Assert.All(projects, project => Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, project), "*.csproj")));
    }

    [Fact]
    public void Readme_LinksThePageAndNamesTheCommand()
    {
        Assert.Contains("](docs/reliability.md)", Repository.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains("`SENSORDASH_FAULTS=full dotnet test tests/Faults`", Repository.Read("README.md"), StringComparison.Ordinal);
    }

    // The sizes of a full run are those of the tests.
    [Fact]
    public void Sizes_AreThoseOfTheTests()
    {
        var sizes = FullSize().Matches(Repository.Read("tests/Faults/ParserTests.cs") + Repository.Read("tests/Faults/EngineAttackTests.cs")).Select(match => match.Groups[1].Value.Replace('_', ',')).ToArray();
        Assert.NotEmpty(sizes);
        Assert.All(sizes, size => Assert.Contains(size, _page, StringComparison.Ordinal));
    }

    [GeneratedRegex("dotnet test (tests/[A-Za-z]+)")]
    private static partial Regex Project();

    [GeneratedRegex("full: ([0-9_]+)")]
    private static partial Regex FullSize();
}
