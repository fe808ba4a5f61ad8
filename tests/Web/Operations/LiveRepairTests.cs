using System.Globalization;
using System.Net;
using System.Text.Json;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Security;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Repairs of a running server, as a process of its own: it takes readings meanwhile, and may be killed at any moment.</summary>
public sealed class LiveRepairTests : IDisposable
{
    private const int Kills = 4;

    private readonly DamagedHub _hub = new();

    public void Dispose() => _hub.Dispose();

    [Fact]
    public async Task Page_SalvagesWhileReadingsArrive_AndLosesNoneOfThem()
    {
        await FillAndBreakAsync();
        await using var server = await SensorDashProcess.StartAsync(_hub.Path, _hub.Settings);
        using var browser = new HubBrowser(server.Client.BaseAddress!);
        var sender = new Sender(server.Client, node: 20);
        using var stop = new CancellationTokenSource();
        var sending = sender.RunAsync(stop.Token);

        using var unconfirmed = await browser.SendAsync("/system", "Salvage", ("typedText", "yes"));
        var refused = await browser.PageAsync("/system");
        using var begun = await browser.SendAsync("/system", "Salvage", ("typedText", "salvage"));
        await WaitForRepairAsync(server.Client);
        var after = sender.Acknowledged.Count;
        await WaitFor.TrueAsync("readings go on after it", () => Task.FromResult(sender.Acknowledged.Count > after + 5));
        await stop.CancelAsync();
        await sending;
        var page = await browser.PageAsync("/system");
        var health = await server.Client.GetStringAsync(new Uri("/health/ready", UriKind.Relative));

        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Redirect), (unconfirmed.StatusCode, begun.StatusCode));
        Assert.Contains("type salvage to confirm", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("Damaged database", page, StringComparison.Ordinal);
        Assert.Contains("5,000 readings and 400 events are salvaged", page, StringComparison.Ordinal);
        Assert.Contains("\"store\":\"ok\"", health, StringComparison.Ordinal);
        Assert.Empty(server.LoggedErrors);
        await server.TerminateAsync();
        await AssertExactAsync(sender, 20);
    }

    [Fact]
    public async Task Kill_AtAnyMoment_RepairBegunAgainEndsTheSame()
    {
        await FillAndBreakAsync();
        var (random, acknowledged) = (new Random(4), new Sender(null!, node: 20));
        for (var round = 0; ; round++)
        {
            await using var server = await SensorDashProcess.StartAsync(_hub.Path, _hub.Settings);
            acknowledged = acknowledged.At(server.Client);
            using var stop = new CancellationTokenSource();
            var sending = acknowledged.RunAsync(stop.Token);
            if (StoreDamage.Read(_hub.Path) is not null)
            {
                using var begun = await server.Client.PostAsync(new Uri("/api/damage/salvage", UriKind.Relative), null);
                Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
            }
            if (round < Kills) await Task.Delay(random.Next(20, 900)); // A moment, not a wait: any of them must do.
            else await WaitForRepairAsync(server.Client);
            if (round < Kills) await server.KillAsync();
            await stop.CancelAsync();
            await sending;
            if (round < Kills) continue;
            await server.TerminateAsync();
            break;
        }

        await AssertExactAsync(acknowledged, 20);
    }

    [Fact]
    public async Task Command_WithARunningServer_LetsItDoTheRepair()
    {
        await FillAndBreakAsync();
        await using var server = await SensorDashProcess.StartAsync(_hub.Path, _hub.Settings);

        var run = await _hub.RunAsync("damage", "salvage");
        var again = await _hub.RunAsync("damage", "salvage");
        var status = await _hub.RunAsync("damage", "status");

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("5,000 readings and 400 events are salvaged", run.Output, StringComparison.Ordinal);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("no damaged database", again.Errors, StringComparison.Ordinal);
        Assert.Contains("No damage waits for a decision", status.Output, StringComparison.Ordinal);
        Assert.Contains("5,000 readings and 400 events are salvaged", status.Output, StringComparison.Ordinal);
    }

    private Dictionary<string, string> _before = [];

    private async Task FillAndBreakAsync()
    {
        await _hub.FillAsync();
        _before = await _hub.ReadingsAsync();
        await _hub.BreakAsync("header");
    }

    private static async Task WaitForRepairAsync(HttpClient client) => await WaitFor.TrueAsync("the repair ends", async () =>
    {
        if (await JsonPoll.TryReadAsync(client, "/api/damage") is not { } state) return false;
        if (state.GetProperty("job") is { ValueKind: JsonValueKind.Object } job) Assert.Null(job.GetProperty("error").GetString());
        return state.GetProperty("damage").ValueKind == JsonValueKind.Null;
    });

    // Every acknowledged reading once, and all from before the damage.
    private async Task AssertExactAsync(Sender sender, int node)
    {
        var now = await _hub.ReadingsAsync();
        Assert.Empty(sender.Acknowledged.Select(time => string.Create(CultureInfo.InvariantCulture, $"{node} {time}")).Except(now.Keys));
        Assert.Empty(now.Keys.Except(_before.Keys).Except(sender.Sent.Select(time => string.Create(CultureInfo.InvariantCulture, $"{node} {time}"))));
        Assert.Empty(_before.Except(now));
        Assert.Empty(await _hub.RowsAsync("SELECT address FROM nodes n WHERE total_readings <> (SELECT count(*) FROM sensor_readings r WHERE r.node_address = n.address)"));
    }

    // Sends one reading after the other; one that is not acknowledged is not sent again.
    private sealed class Sender(HttpClient client, int node)
    {
        public List<long> Sent { get; private init; } = [];

        public List<long> Acknowledged { get; private init; } = [];

        public Sender At(HttpClient other) => new(other, node) { Sent = Sent, Acknowledged = Acknowledged };

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var time = Some.Noon + 10_000 + Sent.Count;
                Sent.Add(time);
                try
                {
                    using var body = new StringContent(string.Create(CultureInfo.InvariantCulture, $"{{\"node_address\":{node},\"timestamp\":{time},\"temperature_celsius\":21.5}}"), System.Text.Encoding.UTF8, "application/json");
                    using var response = await client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), body, CancellationToken.None);
                    if (response.StatusCode == HttpStatusCode.OK) Acknowledged.Add(time);
                }
                catch (HttpRequestException)
                {
                    await Task.Yield(); // Killed.
                }
            }
        }
    }
}
