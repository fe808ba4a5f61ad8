using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Web.Commands;

/// <summary>A running server on this machine that holds a store, for commands that need what it holds.</summary>
internal sealed class RunningServer : IDisposable
{
    /// <summary>The environment variable with an API key of the scope admin, for a server where people sign in.</summary>
    private const string KeyVariable = "SENSORDASH_API_KEY";

    private static readonly TimeSpan _pollAgain = TimeSpan.FromMilliseconds(200);

    // Longer than a server takes to change its store.
    private static readonly TimeSpan _maxPoll = TimeSpan.FromMinutes(2);

    private readonly HttpClient _client;

    private RunningServer(Uri address)
    {
        _client = new(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        if (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key) _client.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <summary>Finds the server of a store by the lock of its file.</summary>
    /// <param name="url">The server, if the user names it.</param>
    /// <param name="files">SQLite files that it may hold.</param>
    /// <param name="mayBeOther">Whether another command may hold them.</param>
    /// <returns>Null when no server holds one of them.</returns>
    /// <exception cref="TransferException">The address is invalid, or a process holds a store and does not say where it listens.</exception>
    public static RunningServer? Find(string? url, IEnumerable<string> files, bool mayBeOther = false)
    {
        if (url is not null)
        {
            return Uri.TryCreate(url, UriKind.Absolute, out var given) && given.Scheme is "http" or "https" && given.IsLoopback ? new(given)
                : throw new TransferException($"--server must be an address of this machine, such as http://127.0.0.1:5080, not '{OutsideText.Shown(url)}'.");
        }
        foreach (var file in files)
        {
            if (SqliteFileLock.FindServer(file) is { } found) return new(new Uri(found));
            if (!mayBeOther && SqliteFileLock.IsHeld(file)) throw new TransferException($"{file} is in use by a process that does not say where it listens. Name it with --server.");
        }
        return null;
    }

    public Uri Address => _client.BaseAddress!;

    /// <summary>Sends a request without a body.</summary>
    /// <exception cref="TransferException">The server refuses, or does not answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            var response = await _client.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                var problem = await response.Content.ReadAsStringAsync(cancellationToken);
                var detail = problem.Length == 0 ? string.Create(CultureInfo.InvariantCulture, $"status {(int)response.StatusCode}") : problem.StartsWith('{') ? JsonDocument.Parse(problem).RootElement.GetProperty("error").GetString() : problem;
                var hint = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? $" Set {KeyVariable} to an API key with the scope admin." : "";
                throw new TransferException($"The server refuses: {detail}.{hint}", new HttpRequestException(null, null, response.StatusCode));
            }
        }
        catch (HttpRequestException e)
        {
            throw new TransferException($"The server at {Address} does not answer: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransferException($"The server at {Address} does not answer within {_client.Timeout.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>Reads JSON while the server may change its store: requests of that moment wait, and a slow one is broken off or refused. Such a request is sent again.</summary>
    /// <param name="path">Path of the resource.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="TransferException">The server refuses for another reason, has ended, or did not answer for two minutes.</exception>
    public async Task<JsonElement> PollAsync(string path, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var response = await SendAsync(HttpMethod.Get, path, cancellationToken);
                return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            }
            catch (TransferException e) when (IsPassing(e.InnerException) && Stopwatch.GetElapsedTime(begun) < _maxPoll)
            {
                await Task.Delay(_pollAgain, cancellationToken);
            }
        }
    }

    // Its sockets stay open while it changes its store: a refused connection means that it has ended.
    private static bool IsPassing(Exception? error) => error switch
    {
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => false,
        HttpRequestException { StatusCode: null or HttpStatusCode.ServiceUnavailable } or OperationCanceledException => true,
        _ => false,
    };

    public void Dispose() => _client.Dispose();
}
