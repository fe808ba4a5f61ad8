using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using SensorDash.Data.Events;

namespace SensorDash.Web.Streaming;

/// <summary>Sends messages over a socket, one after the other, in parts of bounded size.</summary>
internal sealed class SocketSender(WebSocket socket, TimeProvider clock) : IDisposable
{
    // What one client can have in memory beside the events that all share.
    private const int PartBytes = 32 * 1024;

    // A client that takes nothing for so long is gone, or will never catch up; it can go on later with its token.
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly ArrayBufferWriter<byte> _part = new(PartBytes);

    /// <summary>Sends an object.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="members">Writes its other members.</param>
    public Task SendAsync(string type, Action<Utf8JsonWriter> members) => RunAsync(async () =>
    {
        using (var json = new Utf8JsonWriter(_part, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            members(json);
            json.WriteEndObject();
        }
        await SendPartAsync(isLast: true);
    });

    /// <summary>Sends events, without a copy of them.</summary>
    /// <param name="type">Type of the message.</param>
    /// <param name="before">Writes members before the events.</param>
    /// <param name="events">The events.</param>
    /// <param name="after">Writes members after the events.</param>
    public Task SendAsync(string type, Action<Utf8JsonWriter> before, IReadOnlyList<RecentEvent> events, Action<Utf8JsonWriter> after) => RunAsync(async () =>
    {
        WriteMembers("{", json =>
        {
            json.WriteString("type"u8, type);
            before(json);
        });
        Write(",\"events\":["u8);
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0) Write(","u8);
            var json = events[i].Json;
            if (_part.WrittenCount + json.Length > PartBytes) await SendPartAsync(isLast: false);
            if (json.Length <= PartBytes) Write(json.Span);
            else await SendPartAsync(json, isLast: false);
        }
        WriteMembers("],", after);
        Write("}"u8);
        await SendPartAsync(isLast: true);
    });

    /// <summary>Says goodbye, if nothing else is being sent.</summary>
    public Task CloseAsync(WebSocketCloseStatus status, string reason) => RunAsync(async () =>
    {
        using var timeout = new CancellationTokenSource(_timeout, clock);
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived) await socket.CloseOutputAsync(status, reason, timeout.Token);
    });

    private async Task RunAsync(Func<Task> send)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            await send();
        }
        finally
        {
            _part.ResetWrittenCount();
            _turn.Release();
        }
    }

    // The members of an object without its braces, which are around more than these.
    private void WriteMembers(string opening, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        foreach (var character in opening) Write([(byte)character]);
        Write(buffer.WrittenSpan[1..^1]);
    }

    private void Write(ReadOnlySpan<byte> bytes) => _part.Write(bytes);

    // Never cancelled by the caller: that would abort the socket, and a new stream needs it.
    private async Task SendPartAsync(bool isLast)
    {
        await SendPartAsync(_part.WrittenMemory, isLast);
        _part.ResetWrittenCount();
    }

    private async Task SendPartAsync(ReadOnlyMemory<byte> part, bool isLast)
    {
        using var timeout = new CancellationTokenSource(_timeout, clock);
        await socket.SendAsync(part, WebSocketMessageType.Text, isLast, timeout.Token);
    }

    public void Dispose() => _turn.Dispose();
}
