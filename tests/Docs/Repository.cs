namespace SensorDash.Docs.Tests;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Cells of the first table of a page whose header begins with <paramref name="header"/>, without backticks.</summary>
    public static IReadOnlyList<string[]> Table(string page, string header)
    {
        var lines = Read(page).Split('\n').SkipWhile(line => !line.StartsWith($"| {header} ", StringComparison.Ordinal)).Skip(2);
        var rows = lines.TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|').Select(c => c.Trim().Trim('`')).ToArray()).ToList();
        Assert.NotEmpty(rows);
        return rows;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "SensorDash.sln"))) folder = folder.Parent;
        return folder.FullName;
    }
}
