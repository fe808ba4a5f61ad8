using System.Diagnostics;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Ingest at a steady rate through dual-write, cut-over and rollback of a running server: nothing is lost or doubled, and it never pauses for long.</summary>
public sealed class CutOverTests
{
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(SoakSize.Choose(quick: 1_500, full: 20_000));

    private const int KillsAtEachStep = 20;

    // Half a second of it is for requests that still run.
    // Measured at full size only: the short form runs beside other tests on machines of any speed.
    private static readonly TimeSpan _maxPause = TimeSpan.FromSeconds(SoakSize.Choose(quick: 600, full: 1));

    [Fact]
    public async Task Move_ReadingsFromSqliteToDuckDbAndBack_LosesNothing()
    {
        using var folder = new TemporaryFolder();
        await MoveAsync(folder, $"duckdb:{folder.File("readings.duckdb")}", []);
    }

    [SkippableFact]
    public async Task Move_FromSqliteToPostgreSqlAndBack_LosesNothing()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        using var folder = new TemporaryFolder();
        await MoveAsync(folder, SecondaryOf(database), database.ProgramEnvironment);
    }

    [SkippableFact]
    public async Task CutOver_KilledAtEachStep_LeavesOnePrimary()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        using var folder = new TemporaryFolder();
        (string, string)[] first = [("Transfer__Secondary", SecondaryOf(database)), ("Analytics__Enabled", "false")];
        (string, string)[] second = [.. database.ProgramEnvironment, ("Transfer__Secondary", $"sqlite:{folder.File("hub.db")}"), ("Analytics__Enabled", "false")];
        var (sender, random, isMoved) = (new Sender(1), new Random(20_261_129), false);
        var killed = Enum.GetValues<CutOverStep>().ToDictionary(step => step, _ => 0);
        for (var round = 0; round < SoakSize.Choose(quick: 3, full: 300) && killed.Values.Min() < KillsAtEachStep; round++)
        {
            var wanted = killed.MinBy(step => step.Value).Key;
            await using var steps = new CutOverSteps(folder.File("hub.db"), database, isMoved);
            await using (var server = await SensorDashProcess.StartAsync(folder.File("hub.db"), isMoved ? second : first))
            {
                await WaitFor.TrueAsync("readings are sent", async () => await sender.PostAsync(server.Client, 50) == System.Net.HttpStatusCode.OK);
                await WaitUntilReadyAsync(server.Client);
                await steps.BeginAsync();
                using (await server.Client.PostAsync(new Uri($"/api/transfers/{(isMoved ? "rollback" : "cutover")}", UriKind.Relative), null)) { }
                var sending = sender.PostAsync(server.Client, 10); // Held, or after it.
                // The first step shows in no store.
                if (wanted == CutOverStep.Equal) await Task.Delay(random.Next(200));
                else await steps.WaitForAsync(wanted);
                await server.KillAsync();
                await steps.ReleaseAsync();
                await sending;
            }
            var reached = await steps.ReadAsync();
            killed[reached]++;
            var (ofFirst, ofSecond) = (await TryStartAsync(folder, first, sender), await TryStartAsync(folder, second, sender));
            Assert.True(ofFirst is null != ofSecond is null, $"round {round}: first {ofFirst ?? "starts"}, second {ofSecond ?? "starts"}");
            Assert.Contains("which holds the data", (ofFirst ?? ofSecond)!.Replace("the data is in", "which holds the data", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.True(isMoved != (reached >= CutOverStep.Promoted) == ofSecond is null, $"round {round}: killed at {reached}, and the second {ofSecond ?? "starts"}");
            isMoved = ofSecond is null;
            Console.WriteLine($"{round}: killed at {reached}");
        }
        Console.WriteLine($"Killed at {string.Join(", ", killed.Select(step => $"{step.Key} {step.Value} times"))}");
        Assert.True(!SoakSize.IsFull || killed.Values.Min() >= KillsAtEachStep, "Some step was not hit often enough.");
    }

    // What a start says that is refused; null if it starts, with every reading that was acknowledged.
    private static async Task<string?> TryStartAsync(TemporaryFolder folder, (string, string)[] settings, Sender sender)
    {
        try
        {
            await using var server = await SensorDashProcess.StartAsync(folder.File("hub.db"), settings);
            var stored = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/api/nodes", UriKind.Relative))).RootElement.GetProperty("nodes")[0].GetProperty("total_readings").GetInt32();
            Assert.True(stored >= sender.Acknowledged.Count, $"{stored} stored, {sender.Acknowledged.Count} acknowledged");
            return null;
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private static async Task MoveAsync(TemporaryFolder folder, string secondary, (string, string)[] environment)
    {
        var path = folder.File("hub.db");
        // The provider is SQLite, and the rest only completes the address.
        var settings = environment.Where(s => s.Item1 != "Database__Provider").Append(("Transfer__Secondary", secondary)).Append(("Ingest__Durability", "Normal")).ToArray();
        var server = await SensorDashProcess.StartAsync(path, settings);
        Sender[] senders = [new(1), new(2)];
        var events = new EventSender();
        var follower = new EventFollower();
        await follower.BeginAsync(server);
        using var stop = new CancellationTokenSource();
        var following = follower.RunAsync([server], stop.Token);
        var pauses = new Pauses();
        Task[] sending = [
            .. senders.Select(s => SendAsync(() => s.PostAsync(server.Client, 20), pauses, stop.Token)),
            SendAsync(() => events.PostAsync(server.Client, 20), pauses, stop.Token)];

        await WaitUntilReadyAsync(server.Client);
        await Task.Delay(_between);
        pauses.Reset();
        await CommandAsync("cutover", server);
        await Task.Delay(_between);
        Assert.Equal("primary", (await StateAsync(server.Client)).GetProperty("role").GetString());
        var pauseOfCutOver = pauses.Longest;
        await WaitUntilReadyAsync(server.Client);
        pauses.Reset();
        await CommandAsync("rollback", server);
        await Task.Delay(_between);
        var pauseOfRollback = pauses.Longest;
        await WaitUntilReadyAsync(server.Client);
        await CommandAsync("finish", server);
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await following;

        Assert.True(pauseOfCutOver < _maxPause && pauseOfRollback < _maxPause, $"paused for {pauseOfCutOver} and {pauseOfRollback}");
        Assert.True(server.LoggedErrors.Count == 0, string.Join("\n\n", server.LoggedErrors));
        using var enough = new CancellationTokenSource();
        var rest = follower.RunAsync([server], enough.Token);
        var stored = (await StoredEvent.ReadAllAsync(server.Client)).ConvertAll(e => e.Id);
        await WaitFor.TrueAsync("all events are received", () => follower.Received.Count >= stored.Count || rest.IsFaulted);
        await enough.CancelAsync();
        await rest;
        Assert.Equal(stored, follower.Received);
        Assert.True(stored.Count >= events.Acknowledged.Count && stored.Count == stored.Distinct().Count());
        await server.DisposeAsync();
        await StoredFile.AssertHoldsAsync(path, senders);
        Console.WriteLine($"Pauses: cut-over {pauseOfCutOver.TotalMilliseconds:0} ms, rollback {pauseOfRollback.TotalMilliseconds:0} ms; {senders.Sum(s => s.Acknowledged.Count)} readings, {stored.Count} events");
    }

    private static string SecondaryOf(TimescaleStoreFixture database)
        => $"timescale:Host={database.Options.Host};Port={database.Options.Port};Database={database.Name};User={database.Options.User};PasswordEnv={database.Options.PasswordEnv}";

    private static async Task CommandAsync(string name, SensorDashProcess server)
    {
        var run = await ProgramRun.ToItsEndAsync(["transfer", name, "--server", server.Client.BaseAddress!.ToString()]);
        Assert.True(run.ExitCode == 0, $"{name}: {run.Errors}{run.Output}");
    }

    private static async Task<JsonElement> StateAsync(HttpClient client) => JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/transfers", UriKind.Relative))).RootElement;

    private static async Task WaitUntilReadyAsync(HttpClient client)
    {
        var last = "";
        try
        {
            await WaitFor.TrueAsync("the second store is verified", async () =>
            {
                var state = await StateAsync(client);
                last = state.ToString();
                return state.GetProperty("refusal").ValueKind == JsonValueKind.Null;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} {last}", e);
        }
    }

    private static async Task SendAsync(Func<Task<System.Net.HttpStatusCode?>> post, Pauses pauses, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var watch = Stopwatch.StartNew();
            while (await post() is not System.Net.HttpStatusCode.OK) await Task.Delay(5, CancellationToken.None);
            pauses.Add(watch.Elapsed);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>How long a sender waited for an acknowledgement.</summary>
    private sealed class Pauses
    {
        private readonly Lock _lock = new();
        private TimeSpan _longest;

        public TimeSpan Longest
        {
            get
            {
                lock (_lock) return _longest;
            }
        }

        public void Add(TimeSpan pause)
        {
            lock (_lock) _longest = pause > _longest ? pause : _longest;
        }

        public void Reset()
        {
            lock (_lock) _longest = TimeSpan.Zero;
        }
    }
}
