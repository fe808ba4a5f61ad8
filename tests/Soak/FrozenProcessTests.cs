using System.Diagnostics;
using System.Globalization;
using System.Net;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Of two processes on one database one is frozen (SIGSTOP) at random moments, also inside a commit: the other one goes on, and nothing is lost, doubled or skipped.</summary>
public sealed class FrozenProcessTests
{
    private static readonly int _rounds = SoakSize.Choose(quick: 2, full: 100);

    [SkippableFact]
    public async Task Process_FrozenAtRandomMoments_OthersGoOnAndEveryStreamReceivesTheStoredOrder()
    {
        using var folder = new TemporaryFolder();
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await using var frozen = await StartAsync(folder, database);
        await using var other = await StartAsync(folder, database);
        var random = new Random(31);
        var (own, others) = (new EventSender(), new EventSender(1_000_000));
        using var stop = new CancellationTokenSource();
        EventFollower[] followers = [new(), new()];
        foreach (var follower in followers) await follower.BeginAsync(other);
        Task[] following = [followers[0].RunAsync([other], stop.Token), followers[1].RunAsync([frozen, other], stop.Token)];
        for (var round = 0; round < _rounds; round++)
        {
            using var pause = new CancellationTokenSource();
            var before = own.Acknowledged.Count;
            var sending = SendAsync(own, frozen, pause.Token);
            await WaitFor.TrueAsync("the process takes events", () => own.Acknowledged.Count > before);
            await Task.Delay(random.Next(50));
            await SignalAsync(frozen, "STOP");
            var wanted = others.Acknowledged.Count + 100;
            await WaitFor.TrueAsync("the other process goes on", async () =>
            {
                await others.PostAsync(other.Client, 20);
                return others.Acknowledged.Count >= wanted;
            });
            await SignalAsync(frozen, "CONT");
            await pause.CancelAsync();
            await sending;
        }

        var stored = (await StoredEvent.ReadAllAsync(other.Client)).ConvertAll(e => e.Id);
        await WaitFor.TrueAsync("everything is received", () => followers.All(f => f.Received.Count >= stored.Count) || following.Any(f => f.IsFaulted));
        await stop.CancelAsync();
        await Task.WhenAll(following);

        Assert.Equal(own.Acknowledged.Count + others.Acknowledged.Count, stored.Count);
        Assert.All(followers, follower => Assert.Equal(stored, follower.Received));
    }

    // Until the round is over; what was sent when the process froze is sent again until it is acknowledged.
    private static async Task SendAsync(EventSender sender, SensorDashProcess server, CancellationToken pause)
    {
        HttpStatusCode? status = null;
        while (!pause.IsCancellationRequested || status != HttpStatusCode.OK) status = await sender.PostAsync(server.Client, 20);
    }

    private static async Task SignalAsync(SensorDashProcess server, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", server.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private static Task<SensorDashProcess> StartAsync(TemporaryFolder folder, TimescaleStoreFixture database)
        => SensorDashProcess.StartAsync(folder.File("events.db"), [.. database.ProgramEnvironment, ("Analytics__Enabled", "false"), ("Database__Timescale__Pool__WriterTimeout", "1")]);
}
