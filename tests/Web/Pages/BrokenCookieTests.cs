using System.Net;
using Microsoft.Extensions.Logging;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages;

/// <summary>Cookies that this server has not made, or made with keys that are gone.</summary>
public sealed class BrokenCookieTests : ApiTests
{
    [Fact]
    public async Task Page_WithCookiesThatCannotBeRead_IsShownAndLogsNothing()
    {
        foreach (var cookie in (string[])["sensordash-forgery=x", "sensordash-forgery=CfDJ8AAAAAAAAAAA", ".AspNetCore.Mvc.CookieTempDataProvider=x", ".AspNetCore.Mvc.CookieTempDataProvider=CfDJ8AAAAAAAAAAA"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/zones");
            request.Headers.Add("Cookie", cookie);
            using var response = await Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        Assert.DoesNotContain(App.Logs.Entries, entry => entry.Level >= LogLevel.Warning);
    }
}
