using System.Globalization;
using System.Net;
using System.Text.Json;

namespace SensorDash.Tests.Support;

/// <summary>One message of server-sent events.</summary>
public sealed record SseMessage(string? Id, string Event, JsonElement Data);

/// <summary>Reads server-sent events as a browser does, on its own connection.</summary>
public sealed class SseClient : IAsyncDisposable
{
    private readonly HttpClient _client;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private SseClient(HttpClient client, HttpResponseMessage response, StreamReader lines) => (_client, _response, _lines) = (client, response, lines);

    public HttpResponseMessage Response => _response;

    /// <summary>The id of the last message.</summary>
    public string? LastId { get; private set; }

    /// <summary>Opens a stream.</summary>
    /// <param name="address">Base address of the server.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="lastEventId">Header of a reconnect.</param>
    public static async Task<SseClient> OpenAsync(Uri address, string path, string? lastEventId = null)
    {
        var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(WaitFor.Limit);
        if (response.StatusCode != HttpStatusCode.OK) throw new HttpRequestException(await response.Content.ReadAsStringAsync(), null, response.StatusCode);
        return new(client, response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    public async Task<SseMessage?> TryReadAsync()
    {
        string? name = null, id = null, data = null;
        using var timeout = new CancellationTokenSource(WaitFor.Limit);
        while (await _lines.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.Length == 0)
            {
                if (data is null) continue;
                LastId = id ?? LastId;
                return new(id, name ?? "message", JsonDocument.Parse(data).RootElement);
            }
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = line[(colon + 1)..].TrimStart(' ');
            switch (line[..colon])
            {
                case "event":
                    name = value;
                    break;
                case "id":
                    id = value;
                    break;
                case "data":
                    data += value;
                    break;
            }
        }
        return null;
    }

    /// <summary>The next message, which must be of this type.</summary>
    public async Task<SseMessage> ReadAsync(string name)
    {
        var message = await TryReadAsync() ?? throw new InvalidOperationException($"The stream ended before {name}.");
        return message.Event == name ? message : throw new InvalidOperationException($"Not {name}, but {message.Event}: {message.Data}");
    }

    /// <summary>Position in an id.</summary>
    public static long PositionOf(string id) => long.Parse(id.Split('.')[1], CultureInfo.InvariantCulture);

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        _response.Dispose();
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
