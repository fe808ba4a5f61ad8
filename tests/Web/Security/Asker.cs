using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>One column of the table of rights: somebody who asks for everything, and what they get.</summary>
public sealed class Asker : IDisposable
{
    /// <summary>It does not apply.</summary>
    public const string None = "–";

    private readonly HubBrowser _browser;
    private readonly string? _key, _origin;
    private string? _token;

    /// <param name="name">Header of the column.</param>
    /// <param name="key">Of a program; null for people.</param>
    /// <param name="origin">That of the page from which the requests come.</param>
    /// <param name="token">Of the forms; null: their own.</param>
    internal Asker(string name, HubBrowser browser, string? key = null, string? origin = null, string? token = null)
    {
        (Name, _browser, _key, _origin, _token) = (name, browser, key, origin, token);
        HasForeignToken = token is not null;
        var headers = browser.Client.DefaultRequestHeaders;
        if (key is not null) headers.Authorization = new("Bearer", key);
        if (origin is not null) headers.Add("Origin", origin);
    }

    public string Name { get; }

    /// <summary>Whether only forms are of interest.</summary>
    public bool HasForeignToken { get; }

    /// <summary>Whether it is asked inside and outside the limits of its key.</summary>
    public bool IsLimited { get; init; }

    /// <summary>What an endpoint of the API gives.</summary>
    public async Task<string> AskApiAsync(string method, string path, string? body, string? mediaType)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, mediaType!);
        return await SendAsync(request, "application/json");
    }

    /// <summary>What a page, a view or a form of it gives.</summary>
    public async Task<string> AskPageAsync(string method, string path, IEnumerable<KeyValuePair<string, string>> fields)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (method == "POST") request.Content = new FormUrlEncodedContent([.. fields, new("__RequestVerificationToken", _token ??= await TokenAsync())]);
        return await SendAsync(request, _key is null ? "text/html" : "*/*");
    }

    /// <summary>What a message over the socket gives.</summary>
    public async Task<string> AskSocketAsync(Uri address, object message)
    {
        using var socket = new ClientWebSocket();
        if (_key is not null) socket.Options.SetRequestHeader("Authorization", $"Bearer {_key}");
        if (_origin is not null) socket.Options.SetRequestHeader("Origin", _origin);
        if (_browser.Cookies.Length > 0) socket.Options.SetRequestHeader("Cookie", _browser.Cookies);
        socket.Options.CollectHttpResponseDetails = true;
        using var timeout = new CancellationTokenSource(WaitFor.Limit);
        try
        {
            await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/ws" }.Uri, timeout.Token);
        }
        catch (WebSocketException)
        {
            return $"{(int)socket.HttpStatusCode}";
        }
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, timeout.Token);
        var buffer = new byte[64 * 1024];
        var received = await socket.ReceiveAsync(buffer, timeout.Token);
        var text = JsonDocument.Parse(buffer.AsMemory(0, received.Count)).RootElement.ToString();
        return text.Contains("send auth with an API key first", StringComparison.Ordinal) ? "401" : text.Contains("may not", StringComparison.Ordinal) || IsBeyondLimit(text) ? "403" : "yes";
    }

    public void Dispose() => _browser.Dispose();

    private static bool IsBeyondLimit(string text) => text.Contains("limited to", StringComparison.Ordinal);

    // Of the pages that show forms to everybody who is let in.
    private async Task<string> TokenAsync()
    {
        foreach (var page in (string[])["/account", "/zones", "/sign-in"])
            if (await _browser.StatusAsync(page) == HttpStatusCode.OK && await _browser.TokenAsync(page) is { Length: > 0 } token) return token;
        throw new InvalidOperationException($"No page has a form for {Name}.");
    }

    private async Task<string> SendAsync(HttpRequestMessage request, string accept)
    {
        request.Headers.Accept.ParseAdd(accept);
        var path = request.RequestUri!.ToString();
        using var response = await _browser.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead); // Streams do not end.
        var status = (int)response.StatusCode;
        var isForm = request.Content is FormUrlEncodedContent && !path.StartsWith("/query", StringComparison.Ordinal);
        return status switch
        {
            401 or 403 => $"{status}",
            302 when response.Headers.Location!.ToString().StartsWith("/sign-in", StringComparison.Ordinal) && !path.StartsWith("/set-up", StringComparison.Ordinal) && !path.StartsWith("/sign-in", StringComparison.Ordinal) => "in",
            400 when isForm => "400",
            400 when IsLimited && IsBeyondLimit(await response.Content.ReadAsStringAsync()) => "403", // Of a row.
            405 => throw new InvalidOperationException($"{request.Method} {path} does not exist."),
            429 or (>= 500 and not 503) => throw new InvalidOperationException($"{request.Method} {path} failed for {Name}: {status}."),
            200 or 503 when path.Contains("health", StringComparison.Ordinal) && (await response.Content.ReadAsStringAsync()).Contains("\"version\":null", StringComparison.Ordinal) => "brief",
            _ => "yes",
        };
    }
}
