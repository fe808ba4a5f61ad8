namespace SensorDash.Tests.Support;

/// <summary>The checkout that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder of SensorDash.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "SensorDash.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} contains SensorDash.sln.");
    }
}
