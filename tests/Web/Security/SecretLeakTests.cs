using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>No log, not even the most detailed one, no trace, no error page and no metric has a password, a key, a ticket or a session.</summary>
public sealed class SecretLeakTests() : SecuredHub(
    ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore.DataProtection", "Trace"),
    ("Logging:LogLevel:Microsoft.EntityFrameworkCore", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
    ("Logging:LogLevel:Microsoft.AspNetCore.Mvc.RazorPages", "Trace"), ("Security:SignInsPerMinute", "1000"))
{
    private const string WrongPassword = "wrong-password-of-eve", OtherPassword = "difference-engine";

    [Fact]
    public async Task Secrets_InEveryPlaceOfARequest_AreInNoLogTraceOrPage()
    {
        var traced = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => traced.Enqueue($"{activity.DisplayName} {string.Join(' ', activity.TagObjects.Select(t => $"{t.Key}={t.Value}"))}"),
        };
        ActivitySource.AddActivityListener(listener);
        using var admin = await SetUpAsync();
        var key = await AddKeyAsync(admin, "gateway", "ingest,read");
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{key}"));
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        using (await SignInAsync(new(App), AdminName, WrongPassword))
        using (await admin.SendAsync("/system/users?edit=vera", "Reset", ("id", "vera"), ("newPassword", OtherPassword)))
        using (await admin.SendAsync("/account", null, ("current", WrongPassword), ("password", OtherPassword), ("again", OtherPassword)))
        {
        }
        using var client = ClientWith(key);
        using var issued = await client.PostAsync(new Uri("/api/tickets", UriKind.Relative), null);
        var ticket = JsonDocument.Parse(await issued.Content.ReadAsStringAsync()).RootElement.GetProperty("ticket").GetString()!;
        var pages = new List<string>();
        foreach (var (scheme, secret) in ((string, string)[])[("Bearer", key), ("Token", key), ("Basic", basic), ("Nonsense", key)])
            pages.Add(await AskAsync("/api/nodes", scheme, secret));
        foreach (var path in (string[])["/query?p=", "/query?P=", "/query/?p=", "/Query?u=a&p=", "/query?q=nonsense&p=", "/query?unknown=1&p=", "/ping?verbose=x&p=", "/write?p=", "/write/?p="])
            pages.Add(await AskAsync(path + key));
        foreach (var path in (string[])["/api/events/live?limit=x&ticket=", "/api/events/live?limit=x&Ticket=", "/api/events/live/?ticket=", "/api/sensor-data/live?nodes=x&ticket=", "/ws?ticket="])
            pages.Add(await AskAsync(path + ticket));
        await using (var socket = await SocketClient.OpenAsync(App.Address))
        {
            pages.Add((await socket.AskAsync(new { type = "auth", token = key }, "authResponse")).ToString());
            pages.Add((await socket.AskAsync(new { type = "auth", token = key, other = 1 }, "error")).ToString());
            pages.Add((await socket.AskAsync(new { type = key }, "error")).ToString()[..1]); // What the client called a type is shown to it.
        }
        pages.Add(await admin.Client.GetStringAsync("/metrics"));
        pages.Add(await admin.PageAsync("/system/keys"));
        pages.Add(await admin.PageAsync("/system/audit"));
        var session = admin.AllCookies["sensordash-session"]!.Value;

        foreach (var secret in (string[])[key, basic, ticket, session, AdminPassword, PasswordOf("vera"), WrongPassword, OtherPassword])
        {
            Assert.DoesNotContain(App.Logs.Entries, e => e.Text.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(traced, t => t.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(pages, p => p.Contains(secret, StringComparison.Ordinal));
        }
        Assert.NotEmpty(traced);
    }

    // As a browser, so that an error is a page.
    private async Task<string> AskAsync(string path, string? scheme = null, string? secret = null)
    {
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = App.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        if (scheme is not null) request.Headers.Authorization = new(scheme, secret);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var isStream = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        return response.Headers + (isStream ? "" : await response.Content.ReadAsStringAsync());
    }
}
