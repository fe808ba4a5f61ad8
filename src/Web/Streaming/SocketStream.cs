using System.Globalization;
using System.Net.WebSockets;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;

namespace SensorDash.Web.Streaming;

/// <summary>The stream of a socket. A new one replaces it: nothing of the old one is sent after the new one has started.</summary>
internal sealed class SocketStream(SocketSender sender, SocketServices services) : IDisposable
{
    private CancellationTokenSource? _cancel;
    private Task _run = Task.CompletedTask;
    private EventReplay? _replay;
    private string _id = "";

    /// <summary>Whether the client watches the past; then it sends no commands.</summary>
    public bool IsReplaying => Volatile.Read(ref _replay) is { IsLive: false } && !_run.IsCompleted;

    /// <summary>Starts a stream, after the former one has ended.</summary>
    /// <exception cref="SocketMessageException">The message is invalid; the former stream goes on.</exception>
    public async Task StartAsync(SocketMessage message)
    {
        var request = SocketStreamRequest.Read(message);
        await StopAsync();
        var id = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        var replay = request.Replay is { } query ? new EventReplay(query, services.Feed, services.Live, services.Clock) : null;
        _cancel = new CancellationTokenSource();
        _id = id;
        Volatile.Write(ref _replay, replay);
        var token = _cancel.Token;
        // Each start is answered, also when the next message already waits to end it.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _run = RunAsync(id, replay is null ? services.Live.ReadAsync(request.Live!, token) : replay.ReadAsync(token), started, token);
        await started.Task;
    }

    /// <summary>Changes the rate of a replay from its next window on.</summary>
    /// <exception cref="SocketMessageException">There is no replay, or the rate is invalid.</exception>
    public async Task SetRateAsync(SocketMessage message)
    {
        var rate = message.Rate(EventReplay.MaxRate) ?? throw new SocketMessageException("rate is required");
        if (_run.IsCompleted) throw new SocketMessageException("there is no stream");
        if (_replay is not { IsLive: false } replay) throw new SocketMessageException("a live stream has no rate");
        if (Math.Sign(rate) != Math.Sign(replay.Rate)) throw new SocketMessageException("the sign of the rate cannot change; start a new stream");
        replay.Rate = rate;
        await sender.SendAsync("ack", json =>
        {
            json.WriteString("of"u8, "setRate");
            json.WriteString("playbackRequestId"u8, _id);
            json.WriteNumber("rate"u8, rate);
        });
    }

    /// <summary>Ends the stream and says so.</summary>
    /// <exception cref="SocketMessageException">There is none.</exception>
    public async Task CancelAsync()
    {
        var isRunning = !_run.IsCompleted;
        await StopAsync();
        if (!isRunning) throw new SocketMessageException("there is no stream");
        await sender.SendAsync("streamCanceled", json => json.WriteString("playbackRequestId"u8, _id));
    }

    /// <summary>Ends the stream; after it nothing more of it is sent.</summary>
    public async Task StopAsync()
    {
        if (_cancel is not { } cancel) return;
        await cancel.CancelAsync();
        await _run; // It ends between two messages, and never throws.
        cancel.Dispose();
        _cancel = null;
    }

    private async Task RunAsync(string id, IAsyncEnumerable<StreamItem> items, TaskCompletionSource started, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in items.WithCancellation(cancellationToken))
            {
                if (cancellationToken.IsCancellationRequested) return;
                await SendAsync(id, item);
                started.TrySetResult();
            }
        }
        catch (StoreUnavailableException)
        {
            await TrySendErrorAsync(id, "the database is temporarily unavailable; the stream ended, start it again");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Cancelled, or the client left.
        }
        catch (Exception e)
        {
            SocketConnection.Log.StreamFailed(services.Logger, e);
            await TrySendErrorAsync(id, "internal error; the stream ended, search the log of the hub");
        }
        finally
        {
            started.TrySetResult();
        }
    }

    private Task SendAsync(string id, StreamItem item) => item switch
    {
        StreamStarted started => sender.SendAsync("streamStarted", json =>
        {
            json.WriteString("playbackRequestId"u8, id);
            json.WriteString("epoch"u8, started.Epoch);
        }),
        StreamChunk chunk => sender.SendAsync("streamChunk", json => json.WriteString("playbackRequestId"u8, id), chunk.Events, json =>
        {
            json.WriteNumber("timestamp"u8, chunk.Timestamp);
            if (chunk.Prev is { } prev) json.WriteNumber("prev"u8, prev);
            if (chunk.Position is { } position) json.WriteNumber("position"u8, position);
            if (chunk.Cursor is { } cursor) json.WriteString("cursor"u8, cursor);
            json.WriteBoolean("complete"u8, false);
        }),
        StreamCaughtUp caughtUp => sender.SendAsync("caughtUp", json =>
        {
            json.WriteString("playbackRequestId"u8, id);
            StreamJson.Write(json, caughtUp);
        }),
        StreamFellBehind behind => sender.SendAsync("fellBehind", json =>
        {
            json.WriteString("playbackRequestId"u8, id);
            StreamJson.Write(json, behind);
        }),
        StreamReset reset => sender.SendAsync("reset", json =>
        {
            json.WriteString("playbackRequestId"u8, id);
            StreamJson.Write(json, reset);
        }),
        StreamComplete => sender.SendAsync("streamComplete", json => json.WriteString("playbackRequestId"u8, id)),
        _ => throw new ArgumentOutOfRangeException(nameof(item)),
    };

    private async Task TrySendErrorAsync(string id, string error)
    {
        try
        {
            await sender.SendAsync("error", json =>
            {
                json.WriteString("error"u8, error);
                json.WriteString("playbackRequestId"u8, id);
            });
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client left.
        }
    }

    public void Dispose() => _cancel?.Dispose();
}
