using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Docs.Tests;

/// <summary>What <c>dotnet publish</c> copies, asked of the build itself without copying anything.</summary>
public sealed partial class PublishTests
{
    private static readonly string _configuration = Directory.GetParent(AppContext.BaseDirectory)!.Parent!.Name;
    private static readonly Lazy<Task<string[]>> _files = new(FilesToPublishAsync);

    [Fact]
    public async Task Publish_CopiesTheProgramAndNothingOfDesignTime()
    {
        var files = await _files.Value;

        Assert.Superset(new HashSet<string> { "SensorDash.Web.dll", "Npgsql.dll", "appsettings.json" }, files.ToHashSet());
        Assert.DoesNotContain(files, file => DesignTime().IsMatch(file));
    }

    [Fact]
    public async Task Publish_CopiesTheFilesThatLibManNames()
    {
        using var libman = JsonDocument.Parse(Repository.Read("libman.json"));
        var named = libman.RootElement.GetProperty("libraries").EnumerateArray().SelectMany(library => library.GetProperty("files").EnumerateArray()
            .Select(file => $"{library.GetProperty("destination").GetString()}/{file.GetString()}"));

        var published = (await _files.Value).Where(file => file.StartsWith("wwwroot/lib/", StringComparison.Ordinal));

        Assert.Equal(named.Order(StringComparer.Ordinal), published.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Publish_CopiesTheBundledScriptsWithTheirSourceMaps_NotTheModules()
    {
        var scripts = (await _files.Value).Where(file => file.StartsWith("wwwroot/dist/", StringComparison.Ordinal) || file.StartsWith("wwwroot/js/", StringComparison.Ordinal));

        Assert.Equal(["wwwroot/dist/app.css", "wwwroot/dist/app.css.map", "wwwroot/dist/app.js", "wwwroot/dist/app.js.map", "wwwroot/dist/chart-library.js", "wwwroot/dist/chart-library.js.map"], scripts.Order(StringComparer.Ordinal));
    }

    // Without a runtime identifier: natives of the machine that builds. Its libraries are one per package.
    [Fact]
    public async Task Publish_CopiesNativesOfOnePlatform()
    {
        var platforms = (await _files.Value).Select(file => Native().Match(file)).Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct();

        Assert.Single(platforms);
    }

    // The project file cannot tell: it is read before the profile.
    [Theory]
    [InlineData("linux-x64")]
    [InlineData("linux-arm64")]
    public async Task Publish_ByAProfile_CompilesAheadOfTime(string profile)
        => Assert.Equal("true", (await RunAsync("-getProperty:PublishReadyToRun", "-property:PublishProfile=" + profile)).Trim());

    private static async Task<string[]> FilesToPublishAsync()
    {
        using var items = JsonDocument.Parse(await RunAsync("-target:ComputeResolvedFilesToPublishList", "-getItem:ResolvedFileToPublish", "-property:Configuration=" + _configuration));
        return [.. items.RootElement.GetProperty("Items").GetProperty("ResolvedFileToPublish").EnumerateArray()
            .Select(item => item.GetProperty("RelativePath").GetString()!.Replace('\\', '/')).Distinct()];
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(Repository.Root, "src/Web"), "-nologo", "-nodeReuse:false", .. arguments]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(3 * WaitFor.Limit);
        var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    [GeneratedRegex(@"^(Microsoft\.(CodeAnalysis|Build|EntityFrameworkCore\.Design|VisualStudio|Web\.LibraryManager)|Humanizer|Mono\.|System\.(Composition|CodeDom)|Newtonsoft)")]
    private static partial Regex DesignTime();

    [GeneratedRegex("^runtimes/([^/]+)/native/")]
    private static partial Regex Native();
}
