using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The first day of a hub that a network reaches, from the secret in its log to a key that is revoked.</summary>
public abstract class FirstDayTests
{
    protected static bool IsFull => Environment.GetEnvironmentVariable("SENSORDASH_BROWSER") == "full";

    private const string Screenshots = "SENSORDASH_SCREENSHOTS";

    private protected static async Task WalkAsync(SecuredHubFixture hub, int width, ColorScheme scheme)
    {
        try
        {
            await hub.InitializeAsync();
            await WalkThroughAsync(hub, width, scheme);
        }
        finally
        {
            await hub.DisposeAsync();
        }
    }

    private static async Task WalkThroughAsync(SecuredHubFixture hub, int width, ColorScheme scheme)
    {
        await using var watched = await hub.OpenAsync(width, scheme, isFirstVisit: true);
        var page = watched.Page;
        await CheckAsync(watched, "/set-up");
        await hub.SetUpAsync(page);
        await Expect(page.GetByText("ada is the administrator")).ToBeVisibleAsync();
        await KeepAsync(page, "/set-up-done");

        foreach (var (name, role) in new[] { ("vera", "viewer"), ("otto", "operator") })
        {
            await page.GotoAsync("/system/users");
            var form = page.Locator("section", new() { Has = page.Locator("#add-title") });
            await form.GetByLabel("Name").FillAsync(name);
            await form.GetByLabel("Password").FillAsync($"horse-battery-{name}");
            await form.Locator("select[name=role]").SelectOptionAsync(role);
            await form.GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
            await Expect(page.GetByText($"Added {name}.")).ToBeVisibleAsync();
            await KeepAsync(page, "/added-" + name);
        }
        await CheckAsync(watched, "/system/users");
        await CheckAsync(watched, "/system/users?edit=vera");
        await CheckAsync(watched, "/account");

        await CheckAsync(watched, "/system/keys");
        await page.GetByLabel("Name").FillAsync("greenhouse gateway");
        await page.Locator("input[name=scope][value=ingest]").CheckAsync();
        await page.Locator("input[name=scope][value=read]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        var key = await page.Locator("[data-new-key]").InnerTextAsync();
        await KeepAsync(page, "/system/keys-new");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Revoke greenhouse gateway" })).ToBeInViewportAsync();
        Assert.Empty((await page.RunAxe()).Violations.Select(v => v.Id));
        Assert.True(await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - window.innerWidth") <= 0, "The new key is wider than the screen.");

        using var node = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = new Uri(hub.Address) };
        node.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using (var sent = await SendAsync(node)) Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        using var stream = await node.GetAsync(new Uri("/api/sensor-data/live", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        await page.GotoAsync("/nodes/12");
        await Expect(page.Locator("h1")).ToHaveCountAsync(1);

        await CheckAsync(watched, "/system/keys");
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke greenhouse gateway" }).ClickAsync();
        await Expect(page.GetByText("Revoked greenhouse gateway")).ToBeVisibleAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => stream.Content.ReadAsStringAsync().WaitAsync(WaitFor.Limit));
        using (var refused = await SendAsync(node)) Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        await CheckAsync(watched, "/system/keys");

        await AssertViewerAsync(hub, width, scheme);
        await AssertOperatorAsync(hub, width, scheme);
    }

    // Led to the sign-in and back; reads, and is told what the rest takes.
    private static async Task AssertViewerAsync(SecuredHubFixture hub, int width, ColorScheme scheme)
    {
        await using var watched = await hub.OpenAsync(width, scheme);
        var page = watched.Page;
        await CheckAsync(watched, "/sign-in");
        await page.GotoAsync("/nodes/12");
        await SecuredHubFixture.SignInAsync(page, "vera", "wrong-password");
        await Expect(page.Locator("#fault")).ToContainTextAsync("4 more tries");
        await KeepAsync(page, "/sign-in-wrong");
        Assert.Empty((await page.RunAxe()).Violations.Select(v => v.Id));
        await SecuredHubFixture.SignInAsync(page, "vera", "horse-battery-vera");
        await Expect(page).ToHaveURLAsync(hub.Address + "/nodes/12");
        var refused = await page.GotoAsync("/system/users");
        Assert.Equal(403, refused!.Status);
        await Expect(page.Locator("main")).ToContainTextAsync("It takes the role admin");
        await KeepAsync(page, "/not-allowed");
        await page.GotoAsync("/zones");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Add" })).ToHaveCountAsync(0);
    }

    private static async Task AssertOperatorAsync(SecuredHubFixture hub, int width, ColorScheme scheme)
    {
        await using var watched = await hub.OpenAsync(width, scheme);
        var page = watched.Page;
        await page.GotoAsync("/zones");
        await SecuredHubFixture.SignInAsync(page, "otto", "horse-battery-otto");
        await page.Locator("input[name=name]").First.FillAsync("Greenhouse");
        await page.Locator("form[action*='handler=Add'] button").ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("Greenhouse");
        await page.GotoAsync("/account");
        await page.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(hub.Address + "/sign-in");
        await Expect(page.GetByText("You are signed out.")).ToBeVisibleAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient node)
    {
        using var reading = new StringContent(FormattableString.Invariant(
            $"{{\"node_address\":12,\"timestamp\":{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()},\"temperature_celsius\":21.5}}"), Encoding.UTF8, "application/json");
        return await node.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), reading);
    }

    private static async Task CheckAsync(WatchedPage watched, string path)
    {
        await LayoutTests.AssertFitsAsync(watched, path);
        await KeepAsync(watched.Page, path);
        var found = await watched.Page.RunAxe();
        Assert.Empty(found.Violations.Select(v => $"{path}: {v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"));
    }

    private static async Task KeepAsync(IPage page, string path)
    {
        if (Environment.GetEnvironmentVariable(Screenshots) is not { Length: > 0 } folder) return;
        Directory.CreateDirectory(folder);
        var scheme = await page.EvaluateAsync<bool>("matchMedia('(prefers-color-scheme: dark)').matches") ? "dark" : "light";
        var name = path.Trim('/').Replace('/', '-').Replace('?', '-').Replace('=', '-');
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, FormattableString.Invariant($"{name}-{page.ViewportSize!.Width}-{scheme}.png")), FullPage = true });
    }
}

// With SENSORDASH_BROWSER=full each store has both widths and both schemes, and the two stores together every pair of them; else one of each.
public sealed class SqliteFirstDayTests : FirstDayTests
{
    public static TheoryData<int, ColorScheme> Views => IsFull ? new() { { 1440, ColorScheme.Light }, { 360, ColorScheme.Dark } } : new() { { 1440, ColorScheme.Light } };

    [Theory]
    [MemberData(nameof(Views))]
    public Task Hub_FromItsSecretToARevokedKey(int width, ColorScheme scheme) => WalkAsync(new(), width, scheme);
}

public sealed class TimescaleFirstDayTests : FirstDayTests
{
    public static TheoryData<int, ColorScheme> Views => IsFull ? new() { { 1440, ColorScheme.Dark }, { 360, ColorScheme.Light } } : new() { { 360, ColorScheme.Light } };

    [SkippableTheory]
    [MemberData(nameof(Views))]
    public Task Hub_FromItsSecretToARevokedKey(int width, ColorScheme scheme) => WalkAsync(new TimescaleSecuredHub(), width, scheme);
}
