using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>A client that follows the live events while two writers post them, connections are dropped, the program is killed and its clock is an hour behind in every second round: it receives what is stored, once, in order.</summary>
public sealed class StreamTests
{
    private static readonly int _rounds = SoakSize.Choose(quick: 2, full: 20);
    private static readonly int _eventsOfRound = SoakSize.Choose(quick: 500, full: 5_000);

    // By one process on a file; by two processes on one database.
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Follow_WithDroppedConnectionsAndKilledPrograms_ReceivesTheStoredOrderExactly(int processes)
    {
        using var folder = new TemporaryFolder();
        await using var database = processes > 1 ? await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache) : null;
        EventSender[] senders = [new(), new()];
        var follower = new EventFollower();
        for (var round = 0; round < _rounds; round++)
        {
            var servers = new List<SensorDashProcess>();
            while (servers.Count < processes) servers.Add(await StartAsync(folder, database, round % 2 == 1 ? SetBackClock.Environment : []));
            using var stop = new CancellationTokenSource();
            await follower.BeginAsync(servers[0]);
            var following = follower.RunAsync(servers, stop.Token);
            var wanted = (round + 1) * _eventsOfRound;
            var connections = (round + 1) * 6; // On a slow machine one connection can receive all events of the round.
            var sending = senders.Select(async (sender, number) =>
            {
                while ((sender.Acknowledged.Count < wanted || (follower.Connections < connections && !following.IsCompleted)) && await sender.PostAsync(servers[number % processes].Client, 40 + (number * 30)) is not null)
                {
                    // Until the round is over or the program is killed. A follower that fails ends it too.
                }
            }).ToArray();
            await Task.WhenAny(sending); // The other one still sends: the kill hits it in the middle.
            foreach (var server in servers) await server.KillAsync();
            await Task.WhenAll(sending);
            await stop.CancelAsync();
            await following;
            foreach (var server in servers) await server.DisposeAsync();
        }

        await using var last = await StartAsync(folder, database, []);
        using var enough = new CancellationTokenSource();
        var rest = follower.RunAsync([last], enough.Token);
        var stored = (await StoredEvent.ReadAllAsync(last.Client)).ConvertAll(e => e.Id);
        Assert.True(stored.Count >= senders.Max(s => s.Acknowledged.Count));
        await WaitFor.TrueAsync("everything is received", () => follower.Received.Count >= stored.Count || rest.IsFaulted);
        await enough.CancelAsync();
        await rest;

        Assert.Equal(stored, follower.Received);
        Assert.True(follower.Connections > 5 * _rounds, $"{follower.Connections} connections");
    }

    private static Task<SensorDashProcess> StartAsync(TemporaryFolder folder, TimescaleStoreFixture? database, (string Name, string Value)[] clock)
        => SensorDashProcess.StartAsync(folder.File("events.db"), [.. database?.ProgramEnvironment ?? [], ("Analytics__Enabled", "false"), .. clock]);
}
