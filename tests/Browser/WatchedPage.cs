using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace SensorDash.Browser.Tests;

/// <summary>A page that keeps what its console complains of.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    private static readonly string[] _ofAnExchange = ["net::ERR_CONNECTION_", "net::ERR_EMPTY_RESPONSE", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "status of 503"];

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    public WatchedPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !IsExpected(message.Text)) _errors.Enqueue($"{message.Type}: {message.Text} ({page.Url})");
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.RequestFailed += (_, request) =>
        {
            // A page that is left gives up what it was still loading.
            if (request.Failure != "net::ERR_ABORTED" && !IsExpected(request.Failure)) _errors.Enqueue($"{request.Url}: {request.Failure}");
        };
    }

    public IPage Page { get; }

    /// <summary>While the server exchanges its host, it ends connections and answers with 503.</summary>
    public bool IsHostExchanged { get; set; }

    public void AssertNoErrors() => Assert.True(_errors.IsEmpty, string.Join("\n", _errors));

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private bool IsExpected(string? error) => IsHostExchanged && error is not null && _ofAnExchange.Any(part => error.Contains(part, StringComparison.Ordinal));
}

internal static class PageRequests
{
    /// <summary>How a request ends: null for well, else what went wrong.</summary>
    public static async Task<string?> EndAsync(this IRequest request)
    {
        if (await request.ResponseAsync() is { } response) await response.FinishedAsync();
        return request.Failure;
    }
}
