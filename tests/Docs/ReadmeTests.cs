using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Docs.Tests;

/// <summary>What the README says a newcomer can do.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string _readme = Repository.Read("README.md");

    [Fact]
    public void RunCommand_NamesAProjectThatExists()
    {
        Assert.Contains("\ndotnet run --project src/Web\n", _readme, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, "src/Web"), "*.csproj"));
    }

    [Fact]
    public void TestCommand_IsTheOneThatCiRuns()
    {
        var command = TestCommand().Match(_readme).Groups[1].Value;
        Assert.EndsWith("dotnet test SensorDash.sln --no-build", command, StringComparison.Ordinal);
        Assert.Contains("\n" + command + "\n", Repository.Read(".ci/run"), StringComparison.Ordinal);
    }

    [Fact]
    public void TestCommand_FindsNoTestProjectWithoutARunner()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "*.csproj", SearchOption.AllDirectories).Select(File.ReadAllText);
        Assert.All(
            projects.Where(p => p.Contains("Include=\"xunit\"", StringComparison.Ordinal) && !p.Contains("Microsoft.NET.Test.Sdk", StringComparison.Ordinal)),
            project => Assert.Contains("<IsTestProject>false</IsTestProject>", project, StringComparison.Ordinal));
    }

    [Fact]
    public void SoakCommand_NamesItsProjectAndSwitch()
    {
        Assert.Contains("`SENSORDASH_SOAK=full dotnet test tests/Soak`", _readme, StringComparison.Ordinal);
        Assert.Contains("\"SENSORDASH_SOAK\") == \"full\"", Repository.Read("tests/Soak/SoakSize.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CurlExample_PostsOneReading()
    {
        var body = CurlBody().Match(_readme).Groups[1].Value.Replace("'$(date +%s)'", "1767225600", StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        await using var server = await SensorDashProcess.StartAsync(Path.Combine(folder.Path, "readme.db"));
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content);

        var expected = AnswerStart().Match(_readme).Groups[1].Value;
        Assert.StartsWith(expected, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_InTheTable_Exist()
    {
        foreach (var row in Repository.Table("README.md", "folder"))
            foreach (Match path in BacktickedPath().Matches("`" + row[0] + "`"))
                Assert.True(Path.Exists(Path.Combine(Repository.Root, path.Groups[1].Value)), path.Value);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_OfEveryPage_LeadSomewhere(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        foreach (Match link in Link().Matches(Repository.Read(page)))
            Assert.True(Path.Exists(Path.Combine(folder, link.Groups[1].Value)), $"{page}: {link.Groups[1].Value}");
    }

    public static TheoryData<string> Pages() =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Append("README.md")];

    [GeneratedRegex(@"## Test it\n```sh\n(.+)\n```")]
    private static partial Regex TestCommand();

    [GeneratedRegex(@"-d '(\{.+\})'")]
    private static partial Regex CurlBody();

    [GeneratedRegex(@"`(\{""inserted"":1,)")]
    private static partial Regex AnswerStart();

    [GeneratedRegex(@"`([^`]+)`")]
    private static partial Regex BacktickedPath();

    [GeneratedRegex(@"\]\((?!http)([^)#]+)\)")]
    private static partial Regex Link();
}
