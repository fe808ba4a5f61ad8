using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SensorDash.Tests.Support;

/// <summary>A client of the socket.</summary>
public sealed class SocketClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Opens a socket.</summary>
    public static async Task<SocketClient> OpenAsync(Uri address, string? origin = null)
    {
        var client = new SocketClient();
        if (origin is not null) client._socket.Options.SetRequestHeader("Origin", origin);
        try
        {
            using var timeout = new CancellationTokenSource(WaitFor.Limit);
            await client._socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/ws" }.Uri, timeout.Token);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    /// <summary>Sends an object.</summary>
    public Task SendAsync(object message) => SendTextAsync(JsonSerializer.Serialize(message));

    public async Task SendTextAsync(string text)
    {
        using var timeout = new CancellationTokenSource(WaitFor.Limit);
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, timeout.Token);
    }

    /// <summary>The next message; null when the server closed.</summary>
    public async Task<JsonElement?> TryReadAsync()
    {
        using var timeout = new CancellationTokenSource(WaitFor.Limit);
        using var text = new MemoryStream();
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer, timeout.Token);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            await text.WriteAsync(_buffer.AsMemory(0, part.Count), timeout.Token);
            if (part.EndOfMessage) return JsonDocument.Parse(text.ToArray()).RootElement;
        }
    }

    /// <summary>The next message, which must be of this type.</summary>
    public async Task<JsonElement> ReadAsync(string type)
    {
        var message = await TryReadAsync() ?? throw new InvalidOperationException($"The server closed before {type}: {_socket.CloseStatus}.");
        return message.GetProperty("type").GetString() == type ? message : throw new InvalidOperationException($"Not {type}, but {message}");
    }

    /// <summary>Sends a message and reads the next one.</summary>
    public async Task<JsonElement> AskAsync(object message, string type)
    {
        await SendAsync(message);
        return await ReadAsync(type);
    }

    /// <summary>A startStream with these members.</summary>
    public static JsonObject Start(params (string Name, JsonNode? Value)[] members)
    {
        var message = new JsonObject { ["type"] = "startStream" };
        foreach (var (name, value) in members) message[name] = value;
        return message;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
