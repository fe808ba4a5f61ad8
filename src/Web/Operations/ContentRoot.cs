namespace SensorDash.Web.Operations;

/// <summary>Finds the folder of appsettings.json and wwwroot: the program's own folder when published, the root of this repository in development,
/// or the one that the host's setting <c>contentRoot</c> names.</summary>
internal static class ContentRoot
{
    private const string SettingsFile = "appsettings.json";

    public static string Find(string[] args)
    {
        var host = new ConfigurationBuilder().AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args).Build();
        if (host[WebHostDefaults.ContentRootKey] is { Length: > 0 } chosen) return Path.GetFullPath(chosen);
        // A published program has its files beside it. The current folder may be that of another program, with its own settings and pages.
        if (File.Exists(Path.Combine(AppContext.BaseDirectory, SettingsFile))) return AppContext.BaseDirectory;
        return FindRepository(AppContext.BaseDirectory) ?? FindRepository(Environment.CurrentDirectory) ?? AppContext.BaseDirectory;
    }

    // `dotnet ef` starts the program in src/Web, so parent folders are searched too.
    private static string? FindRepository(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SensorDash.sln"))
                && File.Exists(Path.Combine(folder.FullName, "src", "Web", "SensorDash.Web.csproj"))) return folder.FullName;
        }
        return null;
    }
}
