using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests;

/// <summary>The direction of dependencies that the design sets, read from the source itself.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string _source = Path.Combine(Repository.Root, "src");

    // What each folder of src/Data may use besides itself. The base comes first; a folder that is not listed fails the test.
    private static readonly Dictionary<string, string[]> _mayUse = new()
    {
        ["Nodes"] = ["Readings", "Storage", "Events"],
        ["Readings"] = ["Nodes", "Storage", "Events"],
        ["Events"] = ["Nodes", "Readings", "Storage"],
        ["Storage"] = ["Nodes", "Readings", "Events"],
        ["Ingest"] = ["Nodes", "Readings", "Storage", "Events"],
        ["Analytics"] = ["Nodes", "Readings", "Storage", "Events"],
        ["Transfer"] = ["Nodes", "Readings", "Storage", "Events"],
        ["Upkeep"] = ["Nodes", "Readings", "Storage", "Events"],
        // An export of hours and days is made of the calendar statistics.
        ["Export"] = ["Nodes", "Readings", "Storage", "Events", "Analytics"],
    };

    [Fact]
    public void DataFolders_UseOnlyTheBaseAndWhatIsListed()
    {
        var violations = DataFiles().Where(f => f.Folder.Length > 0).SelectMany(file =>
            DataNamespace().Matches(file.Text).Select(m => m.Groups[1].Value).Distinct()
                .Where(used => used != file.Folder && !_mayUse.GetValueOrDefault(file.Folder, []).Contains(used))
                .Select(used => $"{file.Folder}/{file.Name} uses {used}"));

        Assert.Empty(violations);
    }

    [Theory]
    [InlineData("Sqlite", "Microsoft.Data.Sqlite")]
    [InlineData("Sqlite", "SQLitePCL")]
    [InlineData("Timescale", "Npgsql")]
    [InlineData("DuckDb", "DuckDB.NET")]
    public void Driver_IsUsedOnlyInFilesOfItsEngine(string engine, string driver)
        => Assert.Empty(DataFiles().Where(f => !f.Name.StartsWith(engine, StringComparison.Ordinal) && f.Text.Contains(driver, StringComparison.Ordinal))
            .Select(f => $"{f.Folder}/{f.Name}"));

    [Theory]
    [InlineData("Data", "SensorDash.Web|SensorDash.Migrations|Microsoft.AspNetCore")]
    [InlineData("Migrations", "SensorDash.Web|Microsoft.AspNetCore")]
    public void Project_KnowsNothingOfTheOnesAboveIt(string project, string above)
        => Assert.Empty(Sources(project).Where(f => Regex.IsMatch(f.Text, above)).Select(f => f.Name));

    [Fact]
    public void Web_NeedsNoDriver() => Assert.Empty(Sources("Web").Where(f => Regex.IsMatch(f.Text, "using (Microsoft.Data.Sqlite|SQLitePCL|Npgsql|DuckDB.NET)")).Select(f => f.Name));

    private static IEnumerable<(string Folder, string Name, string Text)> DataFiles() => Sources("Data");

    private static IEnumerable<(string Folder, string Name, string Text)> Sources(string project)
    {
        var root = Path.GetFullPath(Path.Combine(_source, project));
        var files = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar).Any(p => p is "bin" or "obj")).ToArray();
        Assert.NotEmpty(files);
        return files.Select(f => (Path.GetRelativePath(root, Path.GetDirectoryName(f)!).TrimStart('.'), Path.GetFileName(f), File.ReadAllText(f)));
    }

    [GeneratedRegex(@"\b(?:using |using static )?SensorDash\.Data\.([A-Z]\w+)")]
    private static partial Regex DataNamespace();
}
