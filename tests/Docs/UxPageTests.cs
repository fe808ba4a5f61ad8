using System.Text.RegularExpressions;

namespace SensorDash.Docs.Tests;

/// <summary>docs/ux.md names tests that exist, and every point has some.</summary>
public sealed partial class UxPageTests
{
    private static readonly string _page = Repository.Read("docs/ux.md");

    [Fact]
    public void Tests_ThatThePageNames_Exist()
    {
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText));
        var names = Test().Matches(_page).Select(match => match.Groups[1].Value).Distinct().ToArray();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($" {name}(", sources, StringComparison.Ordinal));
    }

    [Fact]
    public void Points_AreThirteen_EachWithATest()
    {
        var points = Point().Matches(_page).Select(match => match.Value).ToArray();
        Assert.Equal(13, points.Length);
        Assert.All(points, point => Assert.Matches(Test(), point));
    }

    [GeneratedRegex("`([A-Z][A-Za-z]+_[A-Za-z_]+)`")]
    private static partial Regex Test();

    [GeneratedRegex(@"^\| \d+ \|.*$", RegexOptions.Multiline)]
    private static partial Regex Point();
}
