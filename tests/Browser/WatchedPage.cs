using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace SensorDash.Browser.Tests;

/// <summary>A page that keeps what its console complains of.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    public WatchedPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _errors.Enqueue($"{message.Type}: {message.Text} ({page.Url})");
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.RequestFailed += (_, request) =>
        {
            // A page that is left gives up what it was still loading.
            if (request.Failure != "net::ERR_ABORTED") _errors.Enqueue($"{request.Url}: {request.Failure}");
        };
    }

    public IPage Page { get; }

    public void AssertNoErrors() => Assert.True(_errors.IsEmpty, string.Join("\n", _errors));

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
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
