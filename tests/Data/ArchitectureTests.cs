using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests;

/// <summary>The direction of dependencies that the design sets, read from the source itself.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string _source = Path.Combine(Repository.Root, "src");

    // What each folder of src/Data may use besides itself. Nobody may use an engine: only DataServices, which is in no folder, puts one in.
    private static readonly Dictionary<string, string[]> _mayUse = new()
    {
        ["Storage"] = [],
        ["Access"] = ["Storage"],
        ["Nodes"] = ["Storage"],
        ["Readings"] = ["Nodes", "Storage"],
        ["Events"] = ["Storage"],
        ["Ingest"] = ["Events", "Readings", "Storage"],
        ["Analytics"] = ["Nodes", "Readings", "Storage"],
        // An export of hours and days is made of the calendar statistics.
        ["Export"] = ["Analytics", "Events", "Nodes", "Readings", "Storage"],
        ["Streaming"] = ["Events", "Readings", "Storage"],
        ["Retention"] = ["Access", "Events", "Nodes", "Readings", "Storage"],
        // A CSV file is read like a sender's numbers.
        ["Transfer"] = ["Access", "Events", "Ingest", "Nodes", "Readings", "Storage"],
        // A backup is summed up like a transfer.
        ["Backup"] = ["Access", "Events", "Readings", "Storage", "Transfer"],
        // A scrub reads ranges and hashes rows as a transfer does.
        ["Scrub"] = ["Events", "Readings", "Storage", "Transfer"],
        ["Sqlite"] = ["Backup", "Events", "Nodes", "Readings", "Scrub", "Storage", "Transfer"],
        ["Timescale"] = ["Backup", "Events", "Nodes", "Readings", "Scrub", "Storage", "Transfer"],
        // It answers questions too.
        ["DuckDb"] = ["Analytics", "Backup", "Events", "Nodes", "Readings", "Scrub", "Storage", "Transfer"],
    };

    private static readonly (string Engine, string Driver)[] _drivers = [
        ("Sqlite", "Microsoft.Data.Sqlite"), ("Sqlite", "SQLitePCL"), ("Timescale", "Npgsql"), ("DuckDb", "DuckDB.NET")];

    [Fact]
    public void Data_HasTheListedFoldersAndNoOthers()
        => Assert.Equal(_mayUse.Keys.Order(), Sources("Data").Select(f => f.Folder).Where(folder => folder.Length > 0).Distinct().Order());

    [Fact]
    public void Data_OutsideTheFolders_HasTheRegistrationOnly() => Assert.Equal(["DataServices.cs"], Sources("Data").Where(f => f.Folder.Length == 0).Select(f => f.Path));

    [Fact]
    public void Files_AreInTheFolderOfTheirNamespace()
        => Assert.Empty(Sources("Data").Where(f => Namespace().Match(f.Text).Groups[1].Value != Path.GetDirectoryName(f.Path)!.Replace(Path.DirectorySeparatorChar, '.'))
            .Select(f => f.Path));

    [Fact]
    public void Folders_UseOnlyWhatIsListed()
        => Assert.Empty(
            from file in Sources("Data")
            where file.Folder.Length > 0
            from used in UsedFolder().Matches(file.Text).Select(m => m.Groups[1].Value).Distinct()
            where used != file.Folder && !_mayUse[file.Folder].Contains(used)
            select $"{file.Path} uses {used}");

    [Fact]
    public void Drivers_AreUsedOnlyInTheFolderOfTheirEngine()
        => Assert.Empty(
            from file in Sources("Data")
            from known in _drivers
            where file.Folder != known.Engine && file.Text.Contains(known.Driver, StringComparison.Ordinal)
            select $"{file.Path} uses {known.Driver}");

    [Theory]
    [InlineData("Data", "SensorDash.Web|SensorDash.Migrations|Microsoft.AspNetCore")]
    [InlineData("Migrations", "SensorDash.Web|Microsoft.AspNetCore")]
    public void Project_KnowsNothingOfTheOnesAboveIt(string project, string above)
        => Assert.Empty(Sources(project).Where(f => Regex.IsMatch(f.Text, above)).Select(f => f.Path));

    [Fact]
    public void Web_NeedsNoDriver()
        => Assert.Empty(Sources("Web").Where(f => _drivers.Any(known => f.Text.Contains($"using {known.Driver}", StringComparison.Ordinal))).Select(f => f.Path));

    // Who filters or counts entries of the log does it by their id.
    [Fact]
    public void LogMessages_HaveAnIdOfTheirOwn()
        => Assert.Empty(new[] { "Data", "Migrations", "Web" }.SelectMany(Sources).SelectMany(f => LogMessageId().Matches(f.Text)).Select(match => match.Groups[1].Value).GroupBy(id => id).Where(same => same.Count() > 1).Select(same => same.Key));

    /// <summary>The files of a project: their path in it, and the first folder of that.</summary>
    private static IEnumerable<(string Folder, string Path, string Text)> Sources(string project)
    {
        var root = Path.Combine(_source, project);
        var files = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(root, file), Text: File.ReadAllText(file)))
            .Where(file => file.Path.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj")).ToArray();
        Assert.NotEmpty(files);
        return files.Select(file => (file.Path.Contains(Path.DirectorySeparatorChar) ? file.Path.Split(Path.DirectorySeparatorChar)[0] : "", file.Path, file.Text));
    }

    [GeneratedRegex(@"^namespace SensorDash\.Data\.?([\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"LoggerMessage\((?:EventId = )?(\d+)")]
    private static partial Regex LogMessageId();

    [GeneratedRegex(@"\bSensorDash\.Data\.([A-Z]\w+)")]
    private static partial Regex UsedFolder();
}
