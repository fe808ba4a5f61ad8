using System.Net;
using System.Text;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Security;

public sealed class RequestGuardsTests() : ApiTests(("AllowedHosts", "hub.lan;*.lab.example"))
{
    [Theory]
    [InlineData("POST", "/write")]
    [InlineData("POST", "/api/sensor-data")]
    [InlineData("DELETE", "/api/nodes/12")]
    [InlineData("PUT", "/api/nodes/12/metadata")]
    [InlineData("POST", "/api/nodes/12", "same-site")] // Another program of the same machine or domain.
    public async Task Request_ThatAnotherSiteMakes_IsRefused(string method, string path, string site = "cross-site")
    {
        await StoreAsync(Some.Reading());
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("climate,node=12 temp=1", Encoding.UTF8, "text/plain") };
        request.Headers.Add("Sec-Fetch-Site", site);

        await AssertProblemAsync(await Client.SendAsync(request), 403);
        Assert.Equal(1, (await GetAsync("/api/sensor-data")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("same-origin")]
    [InlineData("none")]
    [InlineData(null)]
    public async Task Request_OfOurOwnPagesOrOfAProgram_IsTaken(string? site)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/write?precision=s") { Content = new StringContent($"c,node=12 temp=1 {Noon}") };
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task Link_FromAnotherSite_IsFollowed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/nodes");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("http://hub.lan:8080")] // Another program of the same machine.
    [InlineData("https://sub.hub.lan")]
    [InlineData("null")] // A file, or a frame without an origin.
    [InlineData("nonsense")]
    public async Task Write_WithTheOriginOfAnotherSite_Is403(string origin)
    {
        using var response = await WriteAsync("hub.lan", origin);

        await AssertProblemAsync(response, 403);
    }

    [Theory]
    [InlineData("hub.lan", "http://hub.lan")]
    [InlineData("hub.lan", "https://HUB.lan")] // A proxy removed TLS.
    [InlineData("hub.lan:80", "http://hub.lan")]
    [InlineData("192.168.1.5:5080", "http://192.168.1.5:5080")]
    [InlineData("[::1]:5080", "http://[::1]:5080")]
    [InlineData("hub.lan", null)]
    public async Task Write_WithTheOwnOriginOrNone_IsStored(string host, string? origin)
    {
        using var response = await WriteAsync(host, origin);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Theory]
    [InlineData("evil.example")] // A page whose name was pointed at this machine.
    [InlineData("nothub.lan")]
    [InlineData("lab.example")]
    [InlineData("1.2.3.4.example")]
    public async Task Host_NameThatIsNotOurs_Is400(string host) => await AssertProblemAsync(await AskAsync(host), 400);

    [Theory]
    [InlineData("hub.lan:5080")]
    [InlineData("HUB.LAN")]
    [InlineData("a.lab.example")]
    [InlineData("localhost")]
    [InlineData("192.168.1.5")]
    [InlineData("[fe80::1]:5080")]
    public async Task Host_OwnNameOrAddress_IsAnswered(string host)
    {
        using var response = await AskAsync(host);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/api/nodes")]
    [InlineData("/api/nothing")]
    [InlineData("/openapi/v1.json")]
    public async Task Answer_OfAnyKind_CarriesTheSecurityHeaders(string path)
    {
        using var response = await Client.GetAsync(path);

        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    private async Task<HttpResponseMessage> WriteAsync(string host, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/write?precision=s") { Content = new StringContent($"c,node=12 temp=1 {Noon}") };
        request.Headers.Host = host;
        if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", origin);
        return await Client.SendAsync(request);
    }

    private async Task<HttpResponseMessage> AskAsync(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/nodes");
        request.Headers.Host = host;
        return await Client.SendAsync(request);
    }
}
