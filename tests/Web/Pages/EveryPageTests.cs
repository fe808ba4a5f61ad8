using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages;

public sealed class EveryPageTests : PageTests
{
    protected override bool HasSidePath => true;

    [Theory]
    [InlineData("/")]
    [InlineData("/nodes/12")]
    [InlineData("/nodes/delete")]
    [InlineData("/analytics")]
    [InlineData("/zones")]
    [InlineData("/export")]
    [InlineData("/system")]
    [InlineData("/system/move")]
    [InlineData("/system/backups")]
    [InlineData("/system/audit")]
    public async Task Page_HasNoInlineScriptOrStyle(string path)
    {
        await StoreAsync(Some.Run(12, 100));

        AssertNoInlineCode(await ReadPageAsync(path));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nodes/12")]
    [InlineData("/nodes/delete")]
    [InlineData("/analytics")]
    [InlineData("/events")]
    [InlineData("/zones")]
    [InlineData("/export")]
    [InlineData("/system")]
    [InlineData("/system/move")]
    [InlineData("/system/backups")]
    [InlineData("/system/audit")]
    [InlineData("/error")]
    [InlineData("/nowhere")]
    public async Task Page_AnythingThatABrowserOrScannerSends_IsNeverAServerError(string path)
    {
        await StoreAsync(Some.Run(12, 100));
        string[] edges = ["253402300799", "253402300800", "-9998-01-01", "0001-01-01", "9999-12-31 23:59:59", "9999-12-31T23:59:59-18:00", "-1", "9223372036854775807", "now-999999y", "%00", "%ED%A0%80",
            "a'b", "<x>", "\u202E", new string('x', 2000)];
        var requests = new List<(HttpMethod Method, string Url)>();
        foreach (var name in (string[])["from", "to", "range", "tz", "page", "zone", "node", "lanes", "order", "view", "payload", "code", "handler", "find", "q", "last_seen_before", "max_readings", "source", "target", "rows_from", "actor", "action", "outcome"])
            requests.AddRange(edges.Select(edge => (HttpMethod.Get, $"{path}?{name}={edge}")));
        requests.AddRange(((string[])["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "POST", "PROPFIND"]).Select(method => (new HttpMethod(method), path)));

        foreach (var (method, url) in requests)
        {
            using var request = new HttpRequestMessage(method, url);
            request.Headers.Accept.ParseAdd("text/html");
            using var response = await Client.SendAsync(request);
            Assert.True((int)response.StatusCode < 500, $"{method} {url}: {(int)response.StatusCode}");
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/zones")]
    [InlineData("/nodes/12")]
    [InlineData("/nodes/delete")]
    public async Task Post_WithATokenAndNoHandler_Is405(string path)
    {
        await StoreAsync(Some.Run(12, 100));

        using var response = await PostFormAsync(path, "nothing");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }
}
