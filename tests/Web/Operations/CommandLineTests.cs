using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Commands, options, addresses and the content root of the program as a separate process.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("transfre", "run")]
    [InlineData("--nonsense")]
    [InlineData("--nonsense=1", "rebuild")]
    [InlineData("demo", "demmo")]
    [InlineData("demo", "rebuild")]
    [InlineData("-v")]
    [InlineData("--Ingets:BatchSize=5")]
    [InlineData("--Database:Sqlite:CacheMiB")]
    [InlineData("")]
    public async Task Start_UnknownWord_IsRefusedWithTheListOfCommands(params string[] arguments)
    {
        var run = await RunAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("rebuild", run.Errors, StringComparison.Ordinal);
        Assert.Contains(arguments.Last(a => a is not ("rebuild" or "run")).Split('=')[0], run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("a.db")));
    }

    [Theory]
    [InlineData("--help", "rebuild")]
    [InlineData("-h", "--urls")]
    [InlineData("--version", "SensorDash ")]
    public async Task Start_HelpOrVersion_PrintsItAndEnds(string option, string text)
    {
        var run = await RunAsync(option);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains(text, run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("a.db")));
    }

    [Theory]
    [InlineData("Ingest", "5")]
    [InlineData("Database__Timescale__Pool", "5")]
    [InlineData("Ingest__BatchSize__Of", "5")]
    [InlineData("Database__Sqlite__Path__Of", "5")]
    [InlineData("Urls", "nonsense")]
    [InlineData("Urls", "http://127.0.0.1:99999")]
    [InlineData("Urls", "ftp://127.0.0.1:5081")]
    [InlineData("Logging__LogLevel__Default", "Loud")]
    [InlineData("Logging__Console__LogLevel__Microsoft", "7x")]
    public async Task Start_SettingThatCannotBe_IsRefusedByName(string name, string value)
    {
        var run = await ProgramRun.ToItsEndAsync(name == "Urls" ? [] : ["--urls", "http://127.0.0.1:0"], (name, value), Database);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(name.Replace("__", ":", StringComparison.Ordinal), run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("a.db")));
    }

    [Fact]
    public async Task Start_SettingsFileThatIsNotJson_IsNamed()
    {
        await File.WriteAllTextAsync(_folder.File("appsettings.json"), "{ \"Urls\": ");

        var run = await RunAsync("--contentRoot", _folder.Path);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("appsettings.json", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}")]
    [InlineData("http://localhost:{0}")]
    public async Task Start_PortInUse_PrintsOneLine(string address)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = string.Format(null, address, ((IPEndPoint)other.LocalEndpoint).Port);

        var run = await ProgramRun.ToItsEndAsync(["--urls", url], Database);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("already in use", Assert.Single(run.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Hosting failed to start", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AddressOfAnotherMachine_PrintsOneLine()
    {
        var run = await ProgramRun.ToItsEndAsync(["--urls", "http://192.0.2.1:5080"], Database);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("192.0.2.1", Assert.Single(run.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ASPNETCORE_URLS")]
    [InlineData("DOTNET_URLS")]
    public async Task Urls_OfTheHostsEnvironment_WinOverTheFile(string variable)
    {
        await using var started = await SensorDashProcess.StartExactlyAsync(
            [.. SensorDashProcess.Program], Repository.Root, (variable, "http://127.0.0.1:0"), Database);

        Assert.NotEqual(5080, started.Client.BaseAddress!.Port);
        Assert.Equal("127.0.0.1", started.Client.BaseAddress.Host);
    }

    [Fact]
    public async Task Urls_OnTheCommandLine_WinOverTheEnvironment()
    {
        await using var started = await SensorDashProcess.StartExactlyAsync(
            [.. SensorDashProcess.Program, "--urls", "http://127.0.0.1:0"], Repository.Root,
            ("ASPNETCORE_URLS", "http://127.0.0.1:1"), ("ASPNETCORE_HTTP_PORTS", "1"), ("DOTNET_URLS", "http://127.0.0.1:1"), Database);

        Assert.NotEqual(1, started.Client.BaseAddress!.Port);
    }

    // Not in a process, because ports listen on all interfaces.
    [Theory]
    [InlineData("http://127.0.0.1:1", "8080", "http://127.0.0.1:1")]
    [InlineData("", "8080", "")]
    [InlineData("", "", null)]
    public void Addresses_OfTheEnvironment_ComeBeforePorts(string urls, string ports, string? expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("urls", "http://127.0.0.1:5080"), new("http_ports", ports)]).Build();

        Assert.Equal(expected, ListenAddresses.OfEnvironment(configuration, name => name == "ASPNETCORE_URLS" ? urls : null));
    }

    [Fact]
    public async Task Start_InTheFolderOfAnotherProgram_UsesItsOwnFilesAndSettings()
    {
        Directory.CreateDirectory(_folder.File("wwwroot"));
        await File.WriteAllTextAsync(_folder.File("wwwroot/secret.txt"), "of another program");
        await File.WriteAllTextAsync(_folder.File("appsettings.json"), """{ "Security": { "Proxies": "perhaps" } }""");
        await File.WriteAllTextAsync(_folder.File("SensorDash.sln"), "");

        await using var started = await SensorDashProcess.StartExactlyAsync(
            [.. SensorDashProcess.Program, "--urls", "http://127.0.0.1:0"], _folder.Path, Database);
        using var secret = await started.Client.GetAsync("/secret.txt");
        using var own = await started.Client.GetAsync("/dist/app.css");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), (secret.StatusCode, own.StatusCode));
    }

    private (string, string) Database => ("Database__Sqlite__Path", _folder.File("a.db"));

    private Task<ProgramRun> RunAsync(params string[] arguments) => ProgramRun.ToItsEndAsync(["--urls", "http://127.0.0.1:0", .. arguments], Database);
}
