using System.Net;
using System.Text;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Security;

public sealed class RequestGuardsTests : ApiTests
{
    [Theory]
    [InlineData("POST", "/write")]
    [InlineData("POST", "/api/sensor-data")]
    [InlineData("DELETE", "/api/nodes/12")]
    [InlineData("PUT", "/api/nodes/12/metadata")]
    public async Task Request_ThatAnotherSiteMakes_IsRefused(string method, string path)
    {
        await StoreAsync(Some.Reading());
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("climate,node=12 temp=1", Encoding.UTF8, "text/plain") };
        request.Headers.Add("Sec-Fetch-Site", "cross-site");

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

    [Fact]
    public async Task Host_NameThatIsNotOurs_IsRefused()
    {
        // A page of another site whose name was pointed at this machine.
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/nodes");
        request.Headers.Host = "evil.example";
        await AssertProblemAsync(await Client.SendAsync(request), 400);
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
}
