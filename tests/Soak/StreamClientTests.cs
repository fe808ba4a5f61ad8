using System.Globalization;
using System.Net;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Soak.Tests;

/// <summary>The documented Node clients beside two writers: in every mode they receive the stored order, none twice, none missing, through many reconnects.</summary>
public sealed class StreamClientTests(ITestOutputHelper output)
{
    private const int EventsPerPost = 50;
    private const int OtherRow = 10_000_000; // Later in source time than all events of the first writer.

    private static readonly int _events = SoakSize.Choose(quick: 3_000, full: 100_000);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50); // Two writers: 2,000 events/s where the machine is fast enough.

    // By one process on a file; by two processes on one database.
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Clients_InEveryMode_ReceiveTheStoredOrderThroughReconnects(int processes)
    {
        using var folder = new TemporaryFolder();
        await using var database = processes > 1 ? await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache) : null;
        await using var first = await StartAsync(folder, database);
        await using var second = processes > 1 ? await StartAsync(folder, database) : null;
        Uri[] hubs = [first.Client.BaseAddress!, (second ?? first).Client.BaseAddress!];
        string token;
        await using (var stream = await SseClient.OpenAsync(hubs[0], "/api/events/live")) token = (await stream.ReadAsync("caughtUp")).Id!;
        var wanted = _events.ToString(CultureInfo.InvariantCulture);

        var live = hubs.Select(hub => ExampleClient.Start("stream.mjs", hub, "--after", token, "--events", wanted, "--reconnect-every", "3")).ToArray();
        var posting = Task.WhenAll(PostAsync(first.Client, new()), PostAsync((second ?? first).Client, new(OtherRow)));
        await WaitFor.TrueAsync("a fourth of the events has arrived", () => live[0].ReceivedCount >= _events / 4 || posting.IsFaulted);
        var beginning = (await FirstAsync(first.Client)).ToString(CultureInfo.InvariantCulture);
        var forward = ExampleClient.Start("replay.mjs", hubs[0], "--start", beginning, "--rate=1000", "--skip-gaps", "--events", wanted, "--reconnect-every", "1");
        var bySource = ExampleClient.Start("replay.mjs", hubs[1], "--start", "2026-01-01T00:00:00Z", "--timebase", "source", "--rate=1000", "--skip-gaps", "--events", wanted, "--reconnect-every", "1");
        var rewind = ExampleClient.Start("replay.mjs", hubs[1], "--start", "2100-01-01T00:00:00Z", "--rate=-1000", "--skip-gaps", "--reconnect-every", "1");
        await posting;

        var stored = await StoredEvent.ReadAllAsync(first.Client);
        Assert.Equal(_events, stored.Count);
        var order = stored.ConvertAll(e => e.Id);
        foreach (var client in live) await EndAsync(client, "live", order);
        await EndAsync(forward, "forward to live", order);
        using (rewind)
        {
            // From the head at its start, which the first event tells.
            var (ids, connections) = await rewind.EndAsync();
            Assert.Equal(Enumerable.Reverse(order.Take(order.IndexOf(ids[0]) + 1)), ids);
            output.WriteLine($"rewind: {ids.Count} events over {connections} connections");
        }
        using (bySource)
        {
            var (ids, connections) = await bySource.EndAsync();
            AssertBySourceThenCommitted(stored, await StoredEvent.ReadAllAsync(first.Client, "source"), ids);
            output.WriteLine($"forward by source time to live: {ids.Count} events over {connections} connections");
        }
        await AssertBoundedAsync(hubs[0], stored);
    }

    // Start inclusive, stop exclusive, both ways; beyond both ends and from a time in the middle.
    private async Task AssertBoundedAsync(Uri hub, List<StoredEvent> stored)
    {
        var middle = stored[stored.Count / 3].Canonical;
        var end = stored[^1].Canonical + 3_600_000_000L;
        foreach (var (start, rate) in new[] { (middle, "1000"), (middle, "-1000"), (stored[0].Canonical - 3_600_000_000L, "1000") })
        {
            var client = ExampleClient.Start("replay.mjs", hub, "--start", start.ToString(CultureInfo.InvariantCulture), "--stop", end.ToString(CultureInfo.InvariantCulture),
                $"--rate={rate}", "--skip-gaps", "--reconnect-every", "1");
            var range = stored.Where(e => e.Canonical >= start && e.Canonical < end).Select(e => e.Id);
            await EndAsync(client, $"bounded at rate {rate}", [.. rate[0] == '-' ? range.Reverse() : range]);
        }
    }

    // First what was committed at its start, by source time; then what was committed later.
    private static void AssertBySourceThenCommitted(List<StoredEvent> byCommit, List<StoredEvent> bySource, List<string> received)
    {
        var place = byCommit.Index().ToDictionary(e => e.Item.Id, e => e.Index);
        var places = received.ConvertAll(id => place[id]);
        var replayed = places.Count;
        while (replayed > 0 && places[replayed - 1] == replayed - 1) replayed--; // Committed later: in its place already.
        var before = places.Take(replayed).ToHashSet();
        Assert.Equal(replayed, before.Count);
        Assert.True(before.All(p => p < replayed), "what was replayed was committed before everything that followed");
        Assert.Equal(bySource.Where(e => before.Contains(place[e.Id])).Select(e => e.Id), received.Take(replayed));
        Assert.Equal(byCommit.Count, received.Count);
    }

    private async Task EndAsync(ExampleClient client, string mode, List<string> expected)
    {
        using (client)
        {
            var (ids, connections) = await client.EndAsync();
            Assert.Equal(expected, ids);
            output.WriteLine($"{mode}: {ids.Count} events over {connections} connections");
        }
    }

    private static Task<SensorDashProcess> StartAsync(TemporaryFolder folder, TimescaleStoreFixture? database)
        => SensorDashProcess.StartAsync(folder.File("events.db"), [.. database?.ProgramEnvironment ?? [], ("Analytics__Enabled", "false")]);

    private static async Task PostAsync(HttpClient client, EventSender sender)
    {
        while (sender.Acknowledged.Count < _events / 2)
        {
            Assert.Equal(HttpStatusCode.OK, await sender.PostAsync(client, EventsPerPost));
            await Task.Delay(_pause);
        }
    }

    private static async Task<long> FirstAsync(HttpClient client)
    {
        using var page = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/events?limit=1", UriKind.Relative)));
        return StoredEvent.Microseconds(page.RootElement.GetProperty("events")[0].GetProperty("canonicalTruthTime").GetString()!);
    }
}
