using System.Net;
using System.Text.Json;

namespace SensorDash.Web.Tests.Api;

public sealed class TransfersApiTests : ApiTests
{
    [Fact]
    public async Task Transfers_WithoutASecondStore_SayThePrimaryAndRefuseToMove()
    {
        var state = JsonDocument.Parse(await Client.GetStringAsync("/api/transfers")).RootElement;
        using var cutOver = await Client.PostAsync("/api/transfers/cutover", null);
        using var rollback = await Client.PostAsync("/api/transfers/rollback", null);
        using var finish = await Client.PostAsync("/api/transfers/finish", null);

        Assert.Equal(("primary", "off"), (state.GetProperty("role").GetString(), state.GetProperty("state").GetString()));
        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Conflict), (cutOver.StatusCode, rollback.StatusCode, finish.StatusCode));
        Assert.Contains("set Transfer:Secondary", await cutOver.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("nothing to go back to", await rollback.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CutOver_FromAnotherSite_IsRejected()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/transfers/cutover") { Headers = { { "Origin", "http://evil.example" } } };

        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }
}
