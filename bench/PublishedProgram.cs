using System.Diagnostics;
using System.Runtime.InteropServices;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>The program as users get it: published for this machine, so compiled ahead of time. The first start of a run publishes it.</summary>
internal static class PublishedProgram
{
    private static readonly Lazy<Task<string>> _path = new(PublishAsync);

    /// <summary>Its file, for <c>dotnet</c>.</summary>
    public static Task<string> PathAsync => _path.Value;

    /// <summary>Starts it on <paramref name="databasePath"/> and returns when it is ready.</summary>
    /// <param name="settings">Further environment variables.</param>
    public static async Task<SensorDashProcess> StartAsync(string databasePath, params (string Name, string Value)[] settings)
        => await SensorDashProcess.StartAsync(["dotnet", await _path.Value], databasePath, settings);

    private static async Task<string> PublishAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "published");
        using var publish = Process.Start(new ProcessStartInfo("dotnet",
            // With its own intermediate files: those of a build for one platform would be in the way of the next ordinary build.
            ["publish", Path.Combine(Repository.Root, "src/Web"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false",
                "--artifacts-path", Path.Combine(folder, "artifacts"), "-o", Path.Combine(folder, "program"), "-v", "quiet", "--nologo"]))!;
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0 ? Path.Combine(folder, "program", "SensorDash.Web.dll") : throw new InvalidOperationException("The program cannot be published.");
    }
}
