using System.Net.Sockets;
using System.Text;
using SensorDash.Tests.Support;
using SensorDash.Web.Hosting;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The program as a service of systemd, for which a socket of the test stands in.</summary>
public sealed class SystemdTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Service_SaysThatItIsReady_ThatItLives_AndThatItStops()
    {
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(_folder.File("n")));
        var received = new List<string>();
        await using var service = await SensorDashProcess.StartAsync(_folder.File("a.db"), ("NOTIFY_SOCKET", _folder.File("n")), ("WATCHDOG_USEC", "200000"), ("Analytics__Enabled", "false"));
        while (received.Count(m => m == "WATCHDOG=1") < 3) received.Add(await ReceiveAsync());
        await service.TerminateAsync();
        while (received[^1] != "STOPPING=1") received.Add(await ReceiveAsync());

        Assert.Equal("READY=1", received[0]);
        Assert.Equal(["READY=1", "WATCHDOG=1", "STOPPING=1"], received.Distinct());

        async Task<string> ReceiveAsync()
        {
            var buffer = new byte[1024];
            using var limit = new CancellationTokenSource(WaitFor.Limit);
            var length = await systemd.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
            return Encoding.ASCII.GetString(buffer, 0, length);
        }
    }

    [Theory]
    [InlineData("60000000", null, 30.0)]
    [InlineData("60000000", "own", 30.0)]
    [InlineData("60000000", "1", null)]
    [InlineData(null, null, null)]
    [InlineData("", null, null)]
    [InlineData("0", null, null)]
    [InlineData("many", null, null)]
    public void Watchdog_IsToldTwiceInItsTime_ByTheProcessThatItWatches(string? microseconds, string? process, double? seconds)
        => Assert.Equal(seconds is { } expected ? TimeSpan.FromSeconds(expected) : null, SystemdNotices.WatchdogPeriod(microseconds, process == "own" ? $"{Environment.ProcessId}" : process));

    // The unit, the image and the compose file name settings; a wrong name would only be found on somebody's machine.
    [Theory]
    [InlineData("sensordash.service")]
    [InlineData("Dockerfile")]
    [InlineData("compose.yaml")]
    public void Deployment_NamesSettingsThatExist(string file)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "deploy", file));
        var settings = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var named = System.Text.RegularExpressions.Regex.Matches(text, "[A-Z][A-Za-z]+(__[A-Za-z]+)+").Select(m => m.Value.Replace("__", ":", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains($"`{name}`", settings, StringComparison.Ordinal));
    }
}
