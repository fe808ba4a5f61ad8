using System.Text.RegularExpressions;

namespace SensorDash.Docs.Tests;

/// <summary>The folder tree of the architecture page is that of the repository.</summary>
public sealed partial class ArchitecturePageTests
{
    [Fact]
    public void Tree_Folders_AreThoseOfTheSources() => Assert.Equal(SourceFolders().Order(StringComparer.Ordinal), DocumentedFolders().Order(StringComparer.Ordinal));

    private static List<string> DocumentedFolders()
    {
        var tree = Repository.Read("docs/architecture.md").Split("## Folders\n")[1].Split("\n\n")[0];
        var path = new List<string>();
        var folders = new List<string>();
        foreach (Match line in TreeLine().Matches(tree))
        {
            var depth = (line.Groups[1].Length - 4) / 2;
            path.RemoveRange(depth, path.Count - depth);
            path.Add(line.Groups[2].Value);
            folders.Add(string.Join('/', path));
        }
        return folders;
    }

    // Folders with sources, and the folders that contain these.
    private static HashSet<string> SourceFolders()
    {
        var folders = new HashSet<string>();
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".cshtml", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal));
        foreach (var file in files)
            for (var folder = Parent(file); folder.Length > 0; folder = Parent(folder)) folders.Add(folder);
        return folders;
    }

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "";

    [GeneratedRegex(@"^( +)(\w+)/", RegexOptions.Multiline)]
    private static partial Regex TreeLine();
}
