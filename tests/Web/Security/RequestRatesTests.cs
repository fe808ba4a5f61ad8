using System.Net;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Security;

public sealed class RequestRatesTests() : SecuredHub(("Security:UnknownRequestsPerMinute", "40"), ("Security:SignInsPerMinute", "3"), ("Security:RequestsPerSecond", "2"))
{
    [Fact]
    public async Task Requests_WithoutProof_AreLimitedPerAddress()
    {
        for (var i = 0; i < 40; i++)
        {
            using var taken = await Client.GetAsync("/api/nodes");
            Assert.Equal(HttpStatusCode.Unauthorized, taken.StatusCode);
        }
        using var refused = await Client.GetAsync("/api/nodes");
        using var live = await FromAsync("192.0.2.7", "/api/nodes");

        await AssertProblemAsync(refused, 429);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(HttpStatusCode.Unauthorized, live.StatusCode);
    }

    [Fact]
    public async Task SignIns_AreLimitedPerAddress_WhateverTheName()
    {
        using var admin = await SetUpAsync(); // The first of three.
        using var browser = new HubBrowser(App);
        var statuses = new List<HttpStatusCode>();
        foreach (var name in (string[])["a", "b", "c"])
        {
            using var response = await SignInAsync(browser, name, "wrong-password");
            statuses.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity, HttpStatusCode.TooManyRequests], statuses);
    }

    // The bucket has eight requests and gets two a second: of any number in a row, some are refused at the latest when they come faster.
    [Fact]
    public async Task Requests_OfAKey_AreLimitedByTheirOwnRate()
    {
        using var admin = await SetUpAsync();
        using var one = ClientWith(await AddKeyAsync(admin, "one", "read"));
        var refused = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => one.GetAsync("/api/nodes")));

        Assert.Contains(refused, r => r.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Contains(refused, r => r.StatusCode == HttpStatusCode.OK);
        foreach (var response in refused) response.Dispose();
    }

    private async Task<HttpResponseMessage> FromAsync(string address, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Forwarded-For", address);
        return await Client.SendAsync(request);
    }
}

public sealed class OpenHubRatesTests() : ApiTests(("Security:UnknownRequestsPerMinute", "1"), ("Security:RequestsPerSecond", "1"))
{
    [Fact]
    public async Task Requests_WhereNobodySignsIn_AreNotLimited()
    {
        for (var i = 0; i < 50; i++)
        {
            using var response = await Client.GetAsync("/api/nodes");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }
}
