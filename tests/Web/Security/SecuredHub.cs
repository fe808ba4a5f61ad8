using System.Net;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Security;

/// <summary>A test class with a hub that others reach too: behind a proxy, because tests listen on the loopback only.</summary>
public abstract partial class SecuredHub(params (string Key, string Value)[] settings) : ApiTests([("Security:Proxies", "127.0.0.1"), .. settings])
{
    public const string AdminName = "ada", AdminPassword = "analytical-engine";

    /// <summary>Reads the one-time secret from the log, where the program writes it once it has started, possibly after it answers.</summary>
    protected async Task<string> ReadSecretAsync()
    {
        string[] texts = [];
        await WaitFor.TrueAsync("the one-time secret", () => (texts = [.. App.Logs.Entries.Select(e => e.Text).Where(text => text.Contains("one-time secret", StringComparison.Ordinal))]).Length > 0);
        return Letters().Match(Assert.Single(texts)).Value;
    }

    /// <summary>A browser in which the administrator is signed in; the first one sets up.</summary>
    protected async Task<HubBrowser> SetUpAsync()
    {
        var browser = new HubBrowser(App);
        using var response = await browser.SendAsync("/set-up", null, ("secret", await ReadSecretAsync()), ("name", AdminName), ("password", AdminPassword), ("again", AdminPassword));
        Assert.Equal((HttpStatusCode.Redirect, "/"), (response.StatusCode, response.Headers.Location?.ToString()));
        return browser;
    }

    /// <summary>Adds a user.</summary>
    /// <returns>A browser in which that user is signed in.</returns>
    protected async Task<HubBrowser> AddUserAsync(HubBrowser admin, string name, string role)
    {
        using (var added = await admin.SendAsync("/system/users", "Add", ("name", name), ("role", role), ("password", PasswordOf(name)))) Assert.Equal(HttpStatusCode.Redirect, added.StatusCode);
        var browser = new HubBrowser(App);
        using var response = await SignInAsync(browser, name, PasswordOf(name));
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        return browser;
    }

    protected static string PasswordOf(string name) => $"horse-battery-{name}";

    protected static Task<HttpResponseMessage> SignInAsync(HubBrowser browser, string name, string password) => browser.SendAsync("/sign-in", null, ("name", name), ("password", password));

    /// <summary>Makes a key.</summary>
    /// <returns>Its text.</returns>
    protected static async Task<string> AddKeyAsync(HubBrowser admin, string name, string scope, string nodes = "", string eventScopes = "", int days = 0)
    {
        using var response = await admin.SendAsync("/system/keys", "Add",
            [("name", name), .. scope.Split(',').Select(s => ("scope", s)), ("nodes", nodes), ("eventScopes", eventScopes), ("days", $"{days}")]);
        var page = await response.Content.ReadAsStringAsync();
        return NewKey().Match(page) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"{response.StatusCode}: {page}");
    }

    /// <summary>Revokes a key.</summary>
    protected static async Task RevokeAsync(HubBrowser admin, string name)
    {
        var page = await admin.PageAsync("/system/keys");
        var id = Regex.Match(page, $"name=\"id\" value=\"(\\d+)\"[^<]*<button[^>]*aria-label=\"Revoke {Regex.Escape(name)}\"").Groups[1].Value;
        using var response = await admin.SendAsync("/system/keys", "Revoke", ("id", id));
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    /// <summary>A client with a key.</summary>
    protected HttpClient ClientWith(string key)
    {
        var client = App.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    [GeneratedRegex("[a-z0-9]{5}(-[a-z0-9]{5}){4}")]
    private static partial Regex Letters();

    [GeneratedRegex("data-new-key>([^<]+)<")]
    private static partial Regex NewKey();
}
