namespace SensorDash.Web.Operations;

/// <summary>Finds the folder of appsettings.json and wwwroot: the repository root in development, the program's folder when published.</summary>
internal static class ContentRoot
{
    public static string Find()
    {
        // `dotnet ef` starts the program in src/Web, so parent folders are searched too.
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "appsettings.json"))) return folder.FullName;
        return AppContext.BaseDirectory;
    }
}
