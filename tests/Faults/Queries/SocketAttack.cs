using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SensorDash.Faults.Tests.Bodies;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.Queries;

/// <summary>Messages and frames that no client of the socket sends. The server answers each message or closes the socket, and says why; it neither fails nor hangs.</summary>
internal sealed class SocketAttack(AttackedServer server, Findings findings)
{
    /// <summary>Messages or frames of one case.</summary>
    public const int FramesPerCase = 25;

    private const string Attack = "socket";
    private const int MaxMessage = 64 << 20;

    private static readonly string[] _types = ["auth", "query", "startStream", "setRate", "cancelStream", "command", "ack", "streamChunk", "error", "Query", "", "é"];

    private static readonly string[] _names =
    [
        "requestId", "startTime", "stopTime", "timebase", "filters", "limit", "cursor", "rate", "skipGaps", "after", "commandId", "targetId", "commandType", "payload", "scopeId", "timelineMode", "token", "type", "typ", "",
    ];

    // Closed by the server for a reason that it names; 1011 would be its own failure.
    private static readonly WebSocketCloseStatus?[] _reasons =
    [
        WebSocketCloseStatus.NormalClosure, WebSocketCloseStatus.ProtocolError, WebSocketCloseStatus.InvalidMessageType, WebSocketCloseStatus.InvalidPayloadData, WebSocketCloseStatus.PolicyViolation, WebSocketCloseStatus.MessageTooBig,
    ];

    public async Task SendAsync(int @case)
    {
        var random = AttackSize.RandomOf(Attack, @case);
        using var limit = new CancellationTokenSource(3 * WaitFor.Limit);
        try
        {
            if (random.Rarely(4)) await SendFramesAsync(random, @case, limit.Token);
            else await SendMessagesAsync(random, @case, limit.Token);
        }
        catch (OperationCanceledException)
        {
            findings.Add($"{Attack} {@case}", "the server neither answers nor closes");
        }
    }

    private async Task SendMessagesAsync(Random random, int @case, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        byte[] last = [];
        try
        {
            await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/ws" }.Uri, cancellationToken);
            var end = string.Create(CultureInfo.InvariantCulture, $"end-{@case}");
            var reading = ReadAsync(socket, end, @case, cancellationToken);
            for (var i = 0; i < FramesPerCase && socket.State == WebSocketState.Open; i++)
            {
                last = Encoding.UTF8.GetBytes(Message(random).ToJsonString());
                if (random.Rarely(2)) last = Mutation.Mutate(random, last);
                var type = random.Rarely(30) ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
                await socket.SendAsync(last, type, endOfMessage: !random.Rarely(10), cancellationToken);
            }
            // Whatever came before: a message that is valid is answered.
            await socket.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Text, true, cancellationToken); // Ends a message that was begun.
            foreach (var message in (string[])["""{"type":"cancelStream"}""", $$"""{"type":"query","requestId":"{{end}}","limit":1}"""])
                await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, cancellationToken);
            await reading;
        }
        catch (Exception e) when (e is WebSocketException or IOException or SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Refused because of too many sockets, or closed while a message was on its way: then the client cancels its reading.
            if (socket.CloseStatus is { } status && !_reasons.Contains(status)) findings.Add($"{Attack} {@case}", $"closed with {status}: {socket.CloseStatusDescription}", last);
        }
    }

    private async Task ReadAsync(ClientWebSocket socket, string end, int @case, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        using var text = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                if (!_reasons.Contains(socket.CloseStatus)) findings.Add($"{Attack} {@case}", $"closed with {socket.CloseStatus}: {socket.CloseStatusDescription}");
                return;
            }
            await text.WriteAsync(buffer.AsMemory(0, part.Count), cancellationToken);
            if (text.Length > MaxMessage) findings.Add($"{Attack} {@case}", "a message is too long");
            if (!part.EndOfMessage) continue;
            using var message = JsonDocument.Parse(text.ToArray());
            text.SetLength(0);
            if (message.RootElement.GetProperty("type").GetString() is not { Length: > 0 } type) findings.Add($"{Attack} {@case}", "a message without a type");
            else if (type == "queryResponse" && message.RootElement.GetProperty("requestId").GetString() == end) return;
        }
    }

    private static JsonObject Message(Random random)
    {
        var message = new JsonObject { ["type"] = random.Pick<string>(_types) };
        for (var left = random.Next(5); left > 0; left--) message[random.Pick<string>(_names)] = Value(random, depth: 0);
        // Often enough what starts a stream that has something to send.
        if (random.Rarely(3)) message = new JsonObject { ["type"] = "startStream", ["startTime"] = random.Pick(0L, 1_769_421_600_000_000), ["rate"] = random.Pick(-1000, -1, 1, 20, 1000), ["skipGaps"] = true };
        return message;
    }

    private static JsonNode? Value(Random random, int depth) => random.Next(depth > 2 ? 9 : 11) switch
    {
        0 => null,
        1 => random.Rarely(2),
        2 => random.Pick(0L, 1, -1, 1000, -1000, 1001, long.MaxValue, long.MinValue, 1_769_421_600_000_000, 253_402_300_800_000_000),
        3 => random.Pick(0.5, -0.0, 1e300, -1e-300, 1e18),
        4 => random.Pick("", "raw", "canonical", "source", "live", "replay", "\0", "\u202e", "0a1b2c3d.1", "nothing"),
        5 => new string('x', random.Pick(1, 300, 5_000)),
        6 => "1769421600000000",
        7 => "set",
        8 => new JsonArray(),
        9 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create(random.Pick("lanes", "scope", "streamId", "payload.speed", "messageType", "a") + i, Value(random, depth + 1)))),
    };

    // Frames with any opcode, length, mask and reserved bits, and plain garbage, after a valid handshake.
    private async Task SendFramesAsync(Random random, int @case, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var bytes = new MemoryStream();
        bytes.Write(Encoding.ASCII.GetBytes($"GET /ws HTTP/1.1\r\nHost: {server.Address.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        for (var i = 0; i < FramesPerCase; i++) bytes.Write(Frame(random));
        try
        {
            await socket.ConnectAsync(server.Address.Host, server.Address.Port, cancellationToken);
            await socket.SendAsync(bytes.ToArray(), cancellationToken);
            socket.Shutdown(SocketShutdown.Send); // A server that waits for the rest of a frame learns that there is none.
            var buffer = new byte[8192];
            var first = await socket.ReceiveAsync(buffer, cancellationToken);
            var start = Encoding.Latin1.GetString(buffer, 0, first);
            if (start.StartsWith("HTTP/1.1 5", StringComparison.Ordinal) && !start.StartsWith("HTTP/1.1 503", StringComparison.Ordinal)) findings.Add($"{Attack} {@case}", start, bytes.ToArray());
            while (await socket.ReceiveAsync(buffer, cancellationToken) > 0)
            {
                // A stream that a frame started goes on until the server has seen the end.
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // The server closed the connection while bytes were on their way.
        }
    }

    private static byte[] Frame(Random random)
    {
        var payload = random.Next(4) switch { 0 => [], 1 => Encoding.UTF8.GetBytes(Message(random).ToJsonString()), 2 => Mutation.Mutate(random, Encoding.UTF8.GetBytes(Message(random).ToJsonString())), _ => new byte[random.Next(200)] };
        if (random.Rarely(12)) return payload;
        var head = new List<byte> { (byte)((random.Rarely(4) ? 0 : 0x80) | (random.Rarely(8) ? random.Next(8) << 4 : 0) | random.Pick(0, 1, 1, 1, 1, 2, 3, 8, 9, 10, 15)) };
        var isMasked = !random.Rarely(10);
        var length = random.Rarely(20) ? random.Pick(125L, 126, 65_535, 65_536, int.MaxValue, long.MaxValue, -1) : payload.Length;
        var mask = isMasked ? 0x80 : 0;
        if (length is >= 0 and < 126 && !random.Rarely(30)) head.Add((byte)(mask | (int)length));
        else
        {
            head.Add((byte)(mask | 127));
            head.AddRange(BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(length)));
        }
        if (isMasked) head.AddRange([0, 0, 0, 0]); // The payload as it is.
        return [.. head, .. payload];
    }
}
