using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>A live stream of all events or of one lane, over a socket or as server-sent events: each message continues the one before, and its events are in order.</summary>
internal sealed class LiveFollower(string? lane, bool isSocket) : IAsyncDisposable
{
    private const int RememberedHours = 200;

    private SseClient? _sse;
    private SocketClient? _socket;
    private Uri _server = null!;
    private string _epoch = "";
    private long _rows, _position, _last, _fellBehind, _sources, _interruptions;
    private bool _isEnding;

    public string? Lane => lane;

    public string Name => $"{lane ?? "all lanes"} by {(isSocket ? "socket" : "server-sent events")}";

    /// <summary>Events received.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Sum of their source times.</summary>
    public long Sources => Interlocked.Read(ref _sources);

    /// <summary>Ids by hour of the canonical time.</summary>
    public PeriodSums Hours { get; } = new(RememberedHours);

    public long FellBehind => Interlocked.Read(ref _fellBehind);

    /// <summary>How often the server ended it, because its store was unavailable for a moment, and it went on with its token.</summary>
    public long Interruptions => Interlocked.Read(ref _interruptions);

    /// <summary>Opens it at the head.</summary>
    public async Task OpenAsync(Uri server)
    {
        _server = server;
        await ConnectAsync(null);
        var caughtUp = isSocket ? await _socket!.ReadAsync("caughtUp") : (await _sse!.ReadAsync("caughtUp")).Data;
        _position = caughtUp.GetProperty("position").GetInt64();
    }

    private async Task ConnectAsync(string? token)
    {
        if (!isSocket)
        {
            _sse = await SseClient.OpenAsync(_server, lane is null ? "/api/events/live" : $"/api/events/live?lanes={lane}", token);
            return;
        }
        _socket = await SocketClient.OpenAsync(_server);
        var start = SocketClient.Start(("filters", lane is null ? [] : new JsonObject { ["lanes"] = new JsonArray(lane) }));
        if (token is not null) start["after"] = token;
        await _socket.SendTextAsync(start.ToJsonString());
        _epoch = (await _socket.ReadAsync("streamStarted")).GetProperty("epoch").GetString()!;
    }

    /// <summary>Reads until it is disposed.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (await NextAsync() is { } message)
            {
                if (message.Type == "error") await GoOnAsync();
                else Take(message.Type, message.Data);
            }
            Assert.True(_isEnding, $"the server ended {Name}");
        }
        catch (Exception e) when (_isEnding && e is IOException or ObjectDisposedException or OperationCanceledException or WebSocketException or SocketException or HttpRequestException)
        {
            // Disposed.
        }
    }

    private async Task GoOnAsync()
    {
        Interlocked.Increment(ref _interruptions);
        var token = isSocket ? string.Create(CultureInfo.InvariantCulture, $"{_epoch}.{_position}") : _sse!.LastId;
        await CloseAsync();
        await WaitFor.TrueAsync($"{Name} goes on", async () =>
        {
            try
            {
                await ConnectAsync(token);
                return true;
            }
            catch (Exception e) when (!_isEnding && e is HttpRequestException or WebSocketException or InvalidOperationException)
            {
                await CloseAsync();
                return false;
            }
        });
    }

    private async Task<(string Type, JsonElement Data)?> NextAsync()
    {
        if (_sse is not null) return await _sse.TryReadAsync() is { } message ? (message.Event, message.Data) : null;
        return await _socket!.TryReadAsync() is { } data ? (data.GetProperty("type").GetString()!, data) : null;
    }

    private void Take(string type, JsonElement data)
    {
        switch (type)
        {
            case "events" or "streamChunk":
                Assert.True(data.GetProperty("prev").GetInt64() == _position, $"{Name}: {_position} is followed by {data.GetProperty("prev")}");
                _position = data.GetProperty("position").GetInt64();
                foreach (var one in data.GetProperty("events").EnumerateArray()) Take(one);
                break;
            case "fellBehind":
                Interlocked.Increment(ref _fellBehind);
                break;
            case "caughtUp":
                break;
            default:
                Assert.Fail($"{Name}: {type} {data}");
                break;
        }
    }

    private void Take(JsonElement one)
    {
        var (id, canonical, source) = Read(one);
        Assert.True(canonical >= _last, $"{Name}: {canonical} after {_last}");
        _last = canonical;
        Hours.Add(canonical / StoredTime.Hour, 1, id);
        unchecked
        {
            Interlocked.Add(ref _sources, source);
        }
        Interlocked.Increment(ref _rows);
    }

    /// <summary>An event of a message: half of its id, and its times.</summary>
    public static (UInt128 Id, long Canonical, long Source) Read(JsonElement one) => (
        UInt128.Parse(one.GetProperty("eventId").GetString().AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        StoredEvent.Microseconds(one.GetProperty("canonicalTruthTime").GetString()!), StoredEvent.Microseconds(one.GetProperty("sourceTruthTime").GetString()!));

    private async Task CloseAsync()
    {
        if (_sse is not null) await _sse.DisposeAsync();
        if (_socket is not null) await _socket.DisposeAsync();
        (_sse, _socket) = (null, null);
    }

    public async ValueTask DisposeAsync()
    {
        _isEnding = true;
        if (_sse is not null) await _sse.DisposeAsync();
        if (_socket is not null) await _socket.DisposeAsync();
    }
}
