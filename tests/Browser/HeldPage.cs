using Microsoft.Playwright;
using SensorDash.Tests.Support;

namespace SensorDash.Browser.Tests;

/// <summary>A response that the server has rendered, and that reaches the page only when it is released.</summary>
internal sealed class HeldPage : IAsyncDisposable
{
    private readonly TaskCompletionSource _rendered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task IsRendered => _rendered.Task.WaitAsync(WaitFor.Limit);

    /// <summary>Holds the first response of an address that contains <paramref name="part"/>.</summary>
    public static async Task<HeldPage> OfAsync(IPage page, string part)
    {
        var held = new HeldPage();
        await page.RouteAsync(url => url.Contains(part, StringComparison.Ordinal), held.HoldAsync, new() { Times = 1 });
        return held;
    }

    public void Release() => _released.TrySetResult();

    public ValueTask DisposeAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    private async Task HoldAsync(IRoute route)
    {
        var response = await route.FetchAsync();
        var body = await response.BodyAsync();
        _rendered.TrySetResult();
        await _released.Task;
        await route.FulfillAsync(new() { Response = response, BodyBytes = body });
    }
}
