using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;
using static SensorDash.Tests.Support.SocketClient;
using static SensorDash.Web.Tests.Streaming.StreamedEvents;

namespace SensorDash.Web.Tests.Streaming;

/// <summary>The messages of the socket, on each engine.</summary>
public abstract class SocketContract : ApiTests
{
    // Microseconds, not the seconds of readings.
    private new const long Noon = StreamedEvents.Noon;

    [SkippableFact]
    public async Task Auth_WhereNobodySignsIn_IsThisMachine()
    {
        await using var socket = await OpenAsync();
        var response = await socket.AskAsync(new { type = "auth", token = "x" }, "authResponse");
        Assert.Equal((true, "this machine"), (response.GetProperty("success").GetBoolean(), response.GetProperty("user").GetString()));
    }

    [SkippableFact]
    public async Task Query_PagesWithFilters_GiveAllEventsInOrder()
    {
        await AddAsync(Client, 0, 5);
        await AddAsync(Client, 5, 3, "other");
        await using var socket = await OpenAsync();
        var (found, next) = (new List<long>(), (string?)null);
        do
        {
            var page = await socket.AskAsync(new { type = "query", requestId = "q", startTime = (long?)null, stopTime = (long?)null, limit = 2, filters = new { connectionId = "c" }, cursor = next }, "queryResponse");
            Assert.Equal("q", page.GetProperty("requestId").GetString());
            Assert.Equal(page.GetProperty("events").GetArrayLength(), page.GetProperty("totalCount").GetInt32());
            found.AddRange(SequencesOf(page));
            next = page.GetProperty("next").GetString();
        }
        while (next is not null);
        Assert.Equal([0, 1, 2, 3, 4], found);
    }

    [SkippableFact]
    public async Task Live_FromTheHeadAndAfterAToken_MissesNothing()
    {
        await AddAsync(Client, 0, 2);
        await using var socket = await OpenAsync();
        var started = await socket.AskAsync(Start(), "streamStarted");
        var (id, epoch) = (started.GetProperty("playbackRequestId").GetString(), started.GetProperty("epoch").GetString());
        var position = (await socket.ReadAsync("caughtUp")).GetProperty("position").GetInt64();
        await AddAsync(Client, 2, 3);
        var token = "";
        foreach (var wanted in (long[][])[[2, 3, 4]])
        {
            var chunk = await socket.ReadAsync("streamChunk");
            Assert.Equal((id, position, false), (chunk.GetProperty("playbackRequestId").GetString(), chunk.GetProperty("prev").GetInt64(), chunk.GetProperty("complete").GetBoolean()));
            Assert.Equal(wanted, SequencesOf(chunk));
            token = $"{epoch}.{chunk.GetProperty("position").GetInt64()}";
        }
        await AddAsync(Client, 5, 1500);
        await using var second = await OpenAsync();

        var resumed = await second.AskAsync(Start(("after", token)), "streamStarted");

        Assert.NotEqual(id, resumed.GetProperty("playbackRequestId").GetString());
        var (sequences, last) = (new List<long>(), long.Parse(token.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture));
        while (sequences.Count < 1500)
        {
            var chunk = await second.ReadAsync("streamChunk");
            Assert.Equal(last, chunk.GetProperty("prev").GetInt64());
            last = chunk.GetProperty("position").GetInt64();
            Assert.InRange(chunk.GetProperty("events").GetArrayLength(), 1, 1000);
            sequences.AddRange(SequencesOf(chunk));
        }
        Assert.Equal(Enumerable.Range(5, 1500).Select(i => (long)i), sequences);
        Assert.Equal(last, (await second.ReadAsync("caughtUp")).GetProperty("position").GetInt64());
    }

    [SkippableFact]
    public async Task Live_TokenOfAnotherEpoch_IsReset()
    {
        await AddAsync(Client, 0, 1);
        await using var socket = await OpenAsync();
        var epoch = (await socket.AskAsync(Start(("after", "00000000.5")), "streamStarted")).GetProperty("epoch").GetString();
        var reset = await socket.ReadAsync("reset");
        Assert.Equal((epoch, Noon, Noon), (reset.GetProperty("epoch").GetString(), reset.GetProperty("oldest").GetInt64(), reset.GetProperty("newest").GetInt64()));
        await socket.ReadAsync("caughtUp");
    }

    [SkippableFact]
    public async Task BoundedForward_GivesTheRangePacedAndCompletesOverEmptyWindows()
    {
        await AddAtAsync(App, Client, 0, 1, 3, 9);
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(("startTime", Noon), ("stopTime", Noon + (6 * Second)), ("rate", 2)), "streamStarted");

        foreach (var expected in (long[][])[[0], [1], [], [3], [], []])
        {
            var chunk = await socket.ReadAsync("streamChunk");
            Assert.Equal(expected, SequencesOf(chunk));
            Assert.NotNull(chunk.GetProperty("cursor").GetString());
            await StepAsync(0.5);
        }
        await socket.ReadAsync("streamComplete");
    }

    [SkippableFact]
    public async Task BoundedBackward_GivesTheSameEventsReversed()
    {
        await AddAtAsync(App, Client, 0, 1, 3, 9);
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(("startTime", Noon + Second), ("stopTime", Noon + (5 * Second)), ("rate", -1)), "streamStarted");

        foreach (var expected in (long[][])[[], [3], [], [1]])
        {
            Assert.Equal(expected, SequencesOf(await socket.ReadAsync("streamChunk")));
            await StepAsync(1);
        }
        await socket.ReadAsync("streamComplete");
    }

    [SkippableFact]
    public async Task Rewind_EndsAtTheFirstEvent()
    {
        await AddAtAsync(App, Client, 0, 2, 3);
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(("startTime", Noon + (3 * Second)), ("rate", -1)), "streamStarted");

        await using var time = new RunningClock(App.Clock);
        var sequences = new List<long>();
        for (var message = await socket.ReadAsync("streamChunk"); message.GetProperty("type").GetString() != "streamComplete"; message = (await socket.TryReadAsync())!.Value)
            sequences.AddRange(SequencesOf(message));
        Assert.Equal([3, 2, 0], sequences);
    }

    [SkippableFact]
    public async Task Forward_ReachingTheHead_CatchesUpAndTurnsLive()
    {
        await AddAtAsync(App, Client, 0, 1);
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(("startTime", Noon)), "streamStarted");
        Assert.Equal([0], SequencesOf(await socket.ReadAsync("streamChunk")));
        await StepAsync(1);
        Assert.Equal([1], SequencesOf(await socket.ReadAsync("streamChunk")));

        var position = (await socket.ReadAsync("caughtUp")).GetProperty("position").GetInt64();
        await AddAsync(Client, 2, 1);
        var chunk = await socket.ReadAsync("streamChunk");

        Assert.Equal(Noon + Second, position);
        Assert.Equal((position, "2"), (chunk.GetProperty("prev").GetInt64(), string.Join(' ', SequencesOf(chunk))));
    }

    [SkippableFact]
    public async Task ForwardBySourceTime_LateEvents_AreSentAfterTheReplay()
    {
        await AddAsync(Client, 0, 3, sourceTime: i => Noon - (10 * Second) + (i * Second));
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(("startTime", Noon - (10 * Second)), ("timebase", "source")), "streamStarted");
        Assert.Equal([0], SequencesOf(await socket.ReadAsync("streamChunk")));
        await AddAsync(Client, 10, 1, sourceTime: _ => Noon - (9 * Second) - 1); // Late, before the time that the replay has reached.
        await AddAsync(Client, 11, 1, sourceTime: _ => Noon - (11 * Second)); // Before the start.

        var sequences = new List<long>();
        await using (new RunningClock(App.Clock))
        {
            for (var message = await socket.ReadAsync("streamChunk"); message.GetProperty("type").GetString() != "caughtUp"; message = (await socket.TryReadAsync())!.Value)
                sequences.AddRange(SequencesOf(message));
        }
        Assert.Equal([1, 2, 10], sequences);
        await AddAsync(Client, 12, 1, sourceTime: _ => Noon);
        Assert.Equal([12], SequencesOf(await socket.ReadAsync("streamChunk")));
    }

    [SkippableFact]
    public async Task SkipGaps_EmptyWindows_AreJumped()
    {
        await AddAtAsync(App, Client, 0, 86_400, 86_401);
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(("startTime", Noon), ("stopTime", Noon + (86_401 * Second)), ("skipGaps", true)), "streamStarted");
        foreach (var expected in (long[])[0, 86_400])
        {
            Assert.Equal([expected], SequencesOf(await socket.ReadAsync("streamChunk")));
            await StepAsync(1);
        }
        await socket.ReadAsync("streamComplete");
    }

    [SkippableFact]
    public async Task Pause_ThenStartWithTheCursor_GoesOnExactlyThere()
    {
        foreach (var timebase in (string[])["canonical", "source"])
        {
            var first = timebase == "canonical" ? 0 : 10_000;
            await AddAsync(Client, first, 2500, timebase);
            await using var socket = await OpenAsync();
            JsonObject Message(string? cursor) => Start(("startTime", Noon - (5 * Second)), ("stopTime", Noon + Second), ("rate", 1000), ("timebase", timebase), ("cursor", cursor),
                ("filters", new JsonObject { ["connectionId"] = timebase }));
            await socket.AskAsync(Message(null), "streamStarted");
            var chunk = await socket.ReadAsync("streamChunk");
            var sequences = SequencesOf(chunk).ToList();
            Assert.Equal(1000, sequences.Count);
            var cursor = chunk.GetProperty("cursor").GetString();
            await socket.SendAsync(new { type = "cancelStream" });
            while ((await socket.TryReadAsync())!.Value.GetProperty("type").GetString() != "streamCanceled")
            {
                // Sent before the cancellation arrived; this client forgets it.
            }

            await socket.AskAsync(Message(cursor), "streamStarted");
            while (sequences.Count < 2500) sequences.AddRange(SequencesOf(await socket.ReadAsync("streamChunk")));

            Assert.Equal(Enumerable.Range(first, 2500).Select(i => (long)i), sequences);
        }
    }

    [SkippableFact]
    public async Task StartStream_Again_SendsNothingOfTheFormerStream()
    {
        await AddAsync(Client, 0, 5000);
        await using var socket = await OpenAsync();
        var ids = new List<string>();
        for (var i = 0; i < 20; i++)
            await socket.SendAsync(Start(("startTime", Noon), ("stopTime", Noon + Second), ("rate", 1000)));
        var chunks = 0;
        while (chunks < 5 || ids.Count < 20)
        {
            var message = (await socket.TryReadAsync())!.Value;
            var id = message.GetProperty("playbackRequestId").GetString()!;
            if (message.GetProperty("type").GetString() == "streamStarted") (ids, chunks) = ([.. ids, id], 0);
            else chunks++;
            Assert.Equal(ids[^1], id);
        }
        Assert.Equal(20, ids.Distinct().Count());
    }

    [SkippableFact]
    public async Task SetRate_HoldsFromTheNextWindowAndKeepsTheId()
    {
        await AddAtAsync(App, Client, 0, 1, 2, 3);
        await using var socket = await OpenAsync();
        var id = (await socket.AskAsync(Start(("startTime", Noon), ("stopTime", Noon + (3 * Second))), "streamStarted")).GetProperty("playbackRequestId").GetString();
        await socket.ReadAsync("streamChunk");
        var ack = await socket.AskAsync(new { type = "setRate", rate = 4 }, "ack");
        Assert.Equal((id, 4d), (ack.GetProperty("playbackRequestId").GetString(), ack.GetProperty("rate").GetDouble()));
        Assert.Contains("sign", Error(await socket.AskAsync(new { type = "setRate", rate = -4 }, "error")), StringComparison.Ordinal);
        await StepAsync(1);
        Assert.Equal(id, (await socket.ReadAsync("streamChunk")).GetProperty("playbackRequestId").GetString());
        await StepAsync(0.25);
        Assert.Equal([2], SequencesOf(await socket.ReadAsync("streamChunk")));
    }

    [SkippableFact]
    public async Task Command_IsStoredOnceStreamedAndRefusedInAReplay()
    {
        await using var watcher = await OpenAsync();
        await watcher.AskAsync(Start(("filters", new JsonObject { ["lanes"] = "command" })), "streamStarted");
        await watcher.ReadAsync("caughtUp");
        await using var socket = await OpenAsync();
        var command = new { type = "command", requestId = "r1", commandId = "heat", targetId = "dev", commandType = "heat", payload = new { seconds = 3 } };

        var first = await socket.AskAsync(command, "ack");
        var again = await socket.AskAsync(command, "ack");

        Assert.Equal((false, true, "r1"), (first.GetProperty("alreadyAccepted").GetBoolean(), again.GetProperty("alreadyAccepted").GetBoolean(), again.GetProperty("requestId").GetString()));
        var streamed = (await watcher.ReadAsync("streamChunk")).GetProperty("events")[0];
        Assert.Equal(("CommandRequest", "core", "heat", first.GetProperty("eventId").GetString()), (streamed.GetProperty("messageType").GetString(),
            streamed.GetProperty("scopeId").GetString(), streamed.GetProperty("commandId").GetString(), streamed.GetProperty("eventId").GetString()));
        Assert.Equal("Commands not allowed in REPLAY mode", Error(await socket.AskAsync(Command("r2", "replay"), "error")));

        await AddAtAsync(App, Client, 60);
        await socket.AskAsync(Start(("startTime", Noon), ("stopTime", Noon + (50 * Second)), ("rate", 0.1)), "streamStarted");
        await socket.ReadAsync("streamChunk");
        var refused = await socket.AskAsync(Command("r3", "live"), "error");

        Assert.Equal(("Commands not allowed in REPLAY mode", "r3"), (Error(refused), refused.GetProperty("requestId").GetString()));
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM command_events"));

        static JsonObject Command(string request, string mode) => new()
        {
            ["type"] = "command",
            ["requestId"] = request,
            ["commandId"] = "heat",
            ["targetId"] = "dev",
            ["commandType"] = "heat",
            ["payload"] = new JsonObject(),
            ["timelineMode"] = mode,
        };
    }

    [SkippableTheory]
    [InlineData("nonsense", "JSON object")]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"requestId":"r"}""", "type is required")]
    [InlineData("""{"type":"strat"}""", "allowed: auth, query, startStream")]
    [InlineData("""{"type":"query","requestId":"r","start":0}""", "'start' is not a member of query; allowed")]
    [InlineData("""{"type":"query","requestId":"r","requestId":"r"}""", "each member once")]
    [InlineData("""{"type":"query"}""", "requestId is required")]
    [InlineData("""{"type":"query","requestId":"r","startTime":2,"stopTime":1}""", "must not be after")]
    [InlineData("""{"type":"query","requestId":"r","startTime":"x"}""", "startTime must be null or integer Unix microseconds")]
    [InlineData("""{"type":"query","requestId":"r","filters":{"lane":"raw"}}""", "did you mean lanes?")]
    [InlineData("""{"type":"query","requestId":"r","filters":{"lanes":["raw"],"viewId":"x"}}""", "viewId")]
    [InlineData("""{"type":"query","requestId":"r","cursor":"x"}""", "cursor is not a valid cursor")]
    [InlineData("""{"type":"startStream","rate":0}""", "rate must be")]
    [InlineData("""{"type":"startStream","rate":null}""", "rate must be")]
    [InlineData("""{"type":"startStream","rate":1001}""", "rate must be")]
    [InlineData("""{"type":"startStream","rate":-1}""", "startTime is required")]
    [InlineData("""{"type":"startStream","stopTime":5}""", "startTime is required")]
    [InlineData("""{"type":"startStream","startTime":5,"stopTime":5}""", "stopTime must be after")]
    [InlineData("""{"type":"startStream","startTime":5,"after":"0a1b2c3d.5"}""", "after goes on with a live stream")]
    [InlineData("""{"type":"startStream","after":"x"}""", "after must be a token")]
    [InlineData("""{"type":"setRate","rate":1}""", "there is no stream")]
    [InlineData("""{"type":"cancelStream"}""", "there is no stream")]
    [InlineData("""{"type":"command","requestId":"r"}""", "is missing")]
    [InlineData("""{"type":"\ud800"}""", "type contains an unpaired surrogate")]
    [InlineData("""{"type":"query","requestId":"\udc00"}""", "requestId contains an unpaired surrogate")]
    [InlineData("""{"type":"query","requestId":"r","filters":{"lanes":["\udc00"]}}""", "filters contains an unpaired surrogate")]
    [InlineData("""{"type":"query","requestId":"r","\ud800":1}""", "unpaired surrogate")]
    public async Task Message_Invalid_IsAnErrorAndTheSocketStays(string message, string error)
    {
        await using var socket = await OpenAsync();
        await socket.SendTextAsync(message);
        Assert.Contains(error, Error(await socket.ReadAsync("error")), StringComparison.Ordinal);
        await socket.AskAsync(new { type = "auth" }, "authResponse");
    }

    [SkippableFact]
    public async Task Socket_ProgramStops_IsClosed()
    {
        await using var socket = await OpenAsync();
        await socket.AskAsync(Start(), "streamStarted");
        await socket.ReadAsync("caughtUp");
        App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Null(await socket.TryReadAsync());
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
    }

    [SkippableFact]
    public async Task Socket_FromAnotherSite_IsRefused()
    {
        await Assert.ThrowsAsync<WebSocketException>(() => SocketClient.OpenAsync(App.Address, "http://elsewhere.example"));
        await using var own = await SocketClient.OpenAsync(App.Address, App.Address.GetLeftPart(UriPartial.Authority));
        using var plain = await Client.GetAsync(new Uri("/ws", UriKind.Relative));
        Assert.Equal(HttpStatusCode.UpgradeRequired, plain.StatusCode);
    }

    private Task<SocketClient> OpenAsync() => SocketClient.OpenAsync(App.Address);

    // The replay waits for the end of its window.
    private async Task StepAsync(double seconds)
    {
        var window = TimeSpan.FromSeconds(seconds);
        await App.Clock.TimerPendingAsync(due => due == window).WaitAsync(WaitFor.Limit);
        App.Clock.Advance(window);
    }

    // Lets the time pass that a replay waits for.
    private sealed class RunningClock : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;

        public RunningClock(ManualTime clock) => _run = RunAsync(clock);

        private async Task RunAsync(ManualTime clock)
        {
            while (!_stop.IsCancellationRequested)
            {
                if (clock.IsTimerPending(due => due <= TimeSpan.FromSeconds(1))) clock.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Delay(1);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
        }
    }

    private static string Error(JsonElement message) => message.GetProperty("error").GetString()!;
}

public sealed class SocketTests : SocketContract;

public sealed class TimescaleSocketTests : SocketContract
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}
