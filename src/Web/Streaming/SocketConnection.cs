using System.Buffers;
using System.Net.WebSockets;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;
using SensorDash.Web.Security;

namespace SensorDash.Web.Streaming;

/// <summary>One client: reads its messages, and runs its queries, its commands and its stream.</summary>
internal sealed partial class SocketConnection : IAsyncDisposable
{
    // A command, whose payload may be as large as an event, with its other members.
    private const int MaxMessageBytes = EventJsonParser.MaxEventLength + (64 << 10);

    private const int ReceiveBytes = 4 * 1024;

    // Queries and commands that may be unanswered; the client waits with the next message.
    private const int MaxRequests = 4;

    private readonly WebSocket _socket;
    private readonly SocketServices _services;
    private readonly SocketClient _client;
    private readonly SocketSender _sender;
    private readonly SocketStream _stream;
    private readonly CancellationTokenSource _end;
    private readonly SemaphoreSlim _requests = new(MaxRequests);
    private readonly CancellationToken _stopping;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SocketConnection(WebSocket socket, SocketServices services, SocketClient client, CancellationToken stopping)
    {
        (_socket, _services, _client, _stopping) = (socket, services, client, stopping);
        _sender = new(socket, services.Clock);
        _stream = new(_sender, services);
        _end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>Runs until the client leaves or the program stops.</summary>
    public async Task RunAsync(CancellationToken aborted)
    {
        await using var leave = aborted.Register(_end.Cancel);
        await using var ended = _end.Token.Register(() => _ended.TrySetResult());
        await using var refused = _client.Refused.Register(() => _ended.TrySetResult());
        try
        {
            var received = new ArrayBufferWriter<byte>(ReceiveBytes);
            while (await ReceiveAsync(received)) await HandleAsync(received.WrittenMemory);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The client left, took nothing for too long, or the program stops.
        }
        finally
        {
            await _end.CancelAsync();
            await _stream.StopAsync();
            for (var i = 0; i < MaxRequests; i++) await _requests.WaitAsync(CancellationToken.None);
        }
    }

    // False at the end.
    private async Task<bool> ReceiveAsync(ArrayBufferWriter<byte> received)
    {
        received.ResetWrittenCount();
        while (true)
        {
            // Cancelling a receive aborts the socket, which could not be closed then.
            var receive = _socket.ReceiveAsync(received.GetMemory(ReceiveBytes), CancellationToken.None).AsTask();
            await Task.WhenAny(receive, _ended.Task);
            if (!receive.IsCompleted)
            {
                _ = receive.ContinueWith(task => task.Exception, TaskScheduler.Default); // It fails with the socket.
                await _stream.StopAsync();
                if (_client.Refused.IsCancellationRequested) await _sender.CloseAsync(WebSocketCloseStatus.PolicyViolation, _client.Refusal);
                else if (_stopping.IsCancellationRequested) await _sender.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "SensorDash is stopping");
                return false;
            }
            var part = await receive;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await _stream.StopAsync();
                await _sender.CloseAsync(WebSocketCloseStatus.NormalClosure, "");
                return false;
            }
            received.Advance(part.Count);
            if (part.MessageType == WebSocketMessageType.Binary || received.WrittenCount > MaxMessageBytes)
            {
                var isTooLarge = part.MessageType != WebSocketMessageType.Binary;
                await _sender.CloseAsync(isTooLarge ? WebSocketCloseStatus.MessageTooBig : WebSocketCloseStatus.InvalidMessageType,
                    isTooLarge ? $"a message must be at most {MaxMessageBytes} bytes" : "messages must be text");
                return false;
            }
            if (part.EndOfMessage) return true;
        }
    }

    private async Task HandleAsync(ReadOnlyMemory<byte> json)
    {
        SocketMessage? message = null;
        var isHandedOver = false;
        try
        {
            message = SocketMessage.Parse(json.ToArray()); // A copy: a query outlives the next message.
            message.Check();
            _client.Check(message, _services.Events.ScopeId);
            switch (message.Type)
            {
                case "auth":
                    await AnswerAuthAsync(message);
                    break;
                case "startStream":
                    await _stream.StartAsync(message);
                    break;
                case "setRate":
                    await _stream.SetRateAsync(message);
                    break;
                case "cancelStream":
                    await _stream.CancelAsync();
                    break;
                default:
                    await _requests.WaitAsync(_end.Token);
                    isHandedOver = true;
                    _ = RunRequestAsync(message);
                    break;
            }
        }
        catch (SocketMessageException e)
        {
            await SendErrorAsync(e.Message, message?.RequestId);
        }
        finally
        {
            if (!isHandedOver) message?.Dispose();
        }
    }

    // Not awaited: a slow query must not delay the next message. It never throws.
    private async Task RunRequestAsync(SocketMessage message)
    {
        try
        {
            if (message.Type == "query") await QueryAsync(message);
            else await SocketCommand.RunAsync(message, _stream.IsReplaying, _sender, _services, _end.Token);
        }
        catch (SocketMessageException e)
        {
            await TrySendErrorAsync(e.Message, message.RequestId);
        }
        catch (StoreUnavailableException)
        {
            await TrySendErrorAsync("the database is temporarily unavailable; retry", message.RequestId);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client left.
        }
        catch (Exception e)
        {
            Log.RequestFailed(_services.Logger, message.Type, e);
            await TrySendErrorAsync("internal error; search the log of the hub", message.RequestId);
        }
        finally
        {
            message.Dispose();
            _requests.Release();
        }
    }

    private Task AnswerAuthAsync(SocketMessage message)
    {
        var error = _client.TryIdentify(message.Text("token"));
        return _sender.SendAsync("authResponse", json =>
        {
            json.WriteBoolean("success"u8, error is null);
            if (error is null) json.WriteString("user"u8, _client.Name);
            else json.WriteString("error"u8, error);
        });
    }

    private async Task QueryAsync(SocketMessage message)
    {
        if (message.RequestId is not { } requestId) throw new SocketMessageException("requestId is required");
        var (from, to, timebase) = (message.Time("startTime"), message.Time("stopTime"), message.Timebase());
        if (from > to) throw new SocketMessageException("startTime must not be after stopTime");
        EventPosition? after = null;
        if (message.Text("cursor") is { } cursor)
        {
            if (EventCursor.TryParse(cursor, timebase, out var position) is { } error) throw new SocketMessageException($"cursor {error}");
            after = position;
        }
        var query = new EventQuery(message.Filters(), timebase, EventDirection.Forward, from, to, after, (int)(message.Whole("limit", 1, EventQuery.MaxLimit) ?? 1000));
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        timeout.CancelAfter(_services.Events.ReadTimeout);
        try
        {
            var page = await _services.Store.ReadAsync(query, timeout.Token);
            await _sender.SendAsync("queryResponse", json => json.WriteString("requestId"u8, requestId), [.. page.Events.Select(e => new RecentEvent(e))], json =>
            {
                json.WriteNumber("totalCount"u8, page.Events.Count);
                json.WriteString("next"u8, page.Next is { } next ? EventCursor.Format(next, timebase) : null);
            });
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            throw new SocketMessageException($"the query took longer than {_services.Events.ReadTimeout:c} (Events:ReadTimeout); narrow the range or the filters");
        }
    }

    private Task SendErrorAsync(string error, string? requestId) => _sender.SendAsync("error", json =>
    {
        json.WriteString("error"u8, error);
        if (requestId is not null) json.WriteString("requestId"u8, requestId);
    });

    private async Task TrySendErrorAsync(string error, string? requestId)
    {
        try
        {
            await SendErrorAsync(error, requestId);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client left.
        }
    }

    public ValueTask DisposeAsync()
    {
        _sender.Dispose();
        _stream.Dispose();
        _end.Dispose();
        _requests.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static partial class Log
    {
        [LoggerMessage(51, LogLevel.Error, "A {Type} over a socket failed.")]
        public static partial void RequestFailed(ILogger logger, string type, Exception error);

        [LoggerMessage(52, LogLevel.Error, "A stream over a socket failed.")]
        public static partial void StreamFailed(ILogger logger, Exception error);
    }
}
