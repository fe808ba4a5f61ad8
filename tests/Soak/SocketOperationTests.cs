using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Random operations of a player on one socket: seek, pause and resume with the cursor, change of rate, cancel. No chunk is stale, none is lost.</summary>
public sealed class SocketOperationTests
{
    private const int Events = 2_000;
    private const int Seed = 13;
    private static readonly int _operations = SoakSize.Choose(quick: 200, full: 10_000);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RandomOperations_OfAPlayer_LeaveNoStaleChunkAndLoseNone(bool onTimescale)
    {
        using var folder = new TemporaryFolder();
        await using var database = onTimescale ? await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache) : null;
        await using var server = await SensorDashProcess.StartAsync(folder.File("events.db"), [.. database?.ProgramEnvironment ?? [], ("Analytics__Enabled", "false")]);
        await PostAsync(server.Client);
        await using var socket = await SocketClient.OpenAsync(server.Client.BaseAddress!);
        var player = new Player(socket, await StoredEvent.ReadAllAsync(server.Client), await StoredEvent.ReadAllAsync(server.Client, "source"), new Random(Seed));

        for (var operation = 0; operation < _operations; operation++) await player.OperateAsync();

        Assert.True(player.Completed > _operations / 40, $"{player.Completed} streams reached their end");
        Assert.True(player.Resumed > _operations / 40, $"{player.Resumed} streams were resumed");
    }

    // One second apart in source time; every tenth has a second of its own two hours later.
    private static async Task PostAsync(HttpClient client)
    {
        var start = new DateTimeOffset(2026, 1, 26, 10, 0, 0, TimeSpan.Zero);
        var text = new StringBuilder();
        for (var i = 0; i < Events; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                {"lane":"raw","scopeId":"s","sourceTruthTime":"{{start.AddSeconds(i + (i % 10 == 9 ? 7200 : 0)):yyyy-MM-dd'T'HH:mm:ss'Z'}}","connectionId":"c","sequence":{{i}},"bytes":"AAEC"}
                """).Append('\n');
        }
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(text.ToString()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var response = await client.PostAsync(new Uri("/api/events", UriKind.Relative), content);
        response.EnsureSuccessStatusCode();
    }

    private sealed class Player(SocketClient socket, List<StoredEvent> byCommit, List<StoredEvent> bySource, Random random)
    {
        private JsonObject _start = [];
        private List<string> _expected = [];
        private int _received;
        private string? _stream, _cursor;
        private bool _isRunning, _isLive;
        private int _queries;

        public int Completed { get; private set; }

        public int Resumed { get; private set; }

        public async Task OperateAsync()
        {
            switch (random.Next(8))
            {
                case 0:
                    await SeekAsync();
                    break;
                case 1 when _isRunning:
                    await CancelAsync();
                    break;
                case 2 when _isRunning && !_isLive:
                    await socket.SendAsync(new { type = "setRate", rate = Math.Sign(_start["rate"]!.GetValue<double>()) * RandomRate() });
                    await ReadUntilAsync("ack");
                    break;
                default:
                    if (!_isRunning) await (_cursor is null ? SeekAsync() : ResumeAsync());
                    for (var messages = random.Next(4); messages > 0 && _isRunning && !_isLive; messages--) Take(await NextAsync());
                    break;
            }
        }

        private double RandomRate() => random.Next(3) switch { 0 => 300, 1 => 700, _ => 1000 };

        // While another stream runs: its messages end with the new streamStarted.
        private async Task SeekAsync()
        {
            var isBySource = random.Next(2) == 0;
            var (order, time) = isBySource ? (bySource, (Func<StoredEvent, long>)(e => e.Source)) : (byCommit, e => e.Canonical);
            var (from, to) = (random.Next(order.Count), random.Next(order.Count));
            var (start, stop) = (time(order[Math.Min(from, to)]), time(order[Math.Max(from, to)]) + 1);
            var (isForward, isBounded) = (random.Next(2) == 0, random.Next(2) == 0);
            if (!isBounded && !isForward) start = stop - 1;
            var message = SocketClient.Start(("startTime", start), ("rate", (isForward ? 1 : -1) * RandomRate()), ("timebase", isBySource ? "source" : "canonical"), ("skipGaps", random.Next(4) > 0));
            if (isBounded) message["stopTime"] = stop;
            await socket.SendTextAsync(message.ToJsonString());
            await StartedAsync();
            var range = order.Where(e => isBounded ? time(e) >= start && time(e) < stop : isForward ? time(e) >= start : time(e) <= start).Select(e => e.Id);
            (_start, _expected, _received, _cursor) = (message, [.. isForward ? range : range.Reverse()], 0, null);
        }

        private async Task ResumeAsync()
        {
            var start = _start.DeepClone().AsObject();
            start["cursor"] = _cursor;
            await socket.SendTextAsync(start.ToJsonString());
            await StartedAsync();
            Resumed++;
        }

        private async Task StartedAsync()
        {
            var started = await ReadUntilAsync("streamStarted");
            Assert.NotEqual(_stream, started.GetProperty("playbackRequestId").GetString());
            (_stream, _isRunning, _isLive) = (started.GetProperty("playbackRequestId").GetString(), true, false);
        }

        private async Task CancelAsync()
        {
            await socket.SendAsync(new { type = "cancelStream" });
            await ReadUntilAsync("streamCanceled");
            _isRunning = false;
            // The next message is the answer to a query: nothing of the stream follows.
            var answer = await socket.AskAsync(new { type = "query", requestId = $"q{++_queries}", limit = 1 }, "queryResponse");
            Assert.Equal($"q{_queries}", answer.GetProperty("requestId").GetString());
        }

        private async Task<JsonElement> ReadUntilAsync(string type)
        {
            while (true)
            {
                var message = await NextAsync();
                if (message.GetProperty("type").GetString() == type) return message;
                // The stream had ended or turned live when the message arrived.
                if (message.GetProperty("type").GetString() == "error" && type != "streamStarted")
                {
                    var error = message.GetProperty("error").GetString();
                    Assert.True(error == "there is no stream" ? !_isRunning : error == "a live stream has no rate" && _received == _expected.Count, message.ToString());
                    return message;
                }
                Take(message);
            }
        }

        private async Task<JsonElement> NextAsync() => await socket.TryReadAsync() ?? throw new InvalidOperationException("The server closed the socket.");

        private void Take(JsonElement message)
        {
            Assert.Equal(_stream, message.GetProperty("playbackRequestId").GetString());
            switch (message.GetProperty("type").GetString())
            {
                case "streamChunk":
                    foreach (var one in message.GetProperty("events").EnumerateArray()) Assert.Equal(_expected[_received++], one.GetProperty("eventId").GetString());
                    if (message.TryGetProperty("cursor", out var cursor) && cursor.GetString() is { } text) _cursor = text;
                    break;
                case "streamComplete":
                    Assert.Equal(_expected.Count, _received);
                    (_isRunning, _cursor) = (false, null);
                    Completed++;
                    break;
                case "caughtUp":
                    Assert.Equal(_expected.Count, _received);
                    (_isLive, _cursor) = (true, null);
                    Completed++;
                    break;
                default:
                    Assert.Fail(message.ToString());
                    break;
            }
        }
    }
}
