using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Web.Security;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Security;

/// <summary>Who can reach the server decides whether people sign in.</summary>
public sealed class ExposedAddressTests : ApiTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5080", false)]
    [InlineData("http://127.0.0.2:5080", false)]
    [InlineData("http://localhost:5080", false)]
    [InlineData("http://[::1]:5080", false)]
    [InlineData("http://unix:/run/sensordash.sock", false)]
    [InlineData("http://0.0.0.0:5080", true)]
    [InlineData("http://[::]:5080", true)]
    [InlineData("http://*:5080", true)]
    [InlineData("http://+:5080", true)]
    [InlineData("http://192.168.1.5:5080", true)]
    [InlineData("http://hub.lan:5080", true)]
    [InlineData("http://localhost.evil.example:5080", true)]
    [InlineData("http://127.0.0.1.evil.example:5080", true)]
    public void Address_ThatOthersReach_IsPublic(string address, bool isPublic)
    {
        var (exposure, addresses) = Create();
        addresses.Add(address);

        Assert.Equal(isPublic, exposure.IsPublic);
    }

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.7")]
    [InlineData("X-Forwarded-For", "192.0.2.7")]
    [InlineData("x-forwarded-for", "127.0.0.1")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Host", "hub.lan")]
    [InlineData("X-Forwarded-Prefix", "/hub")]
    public async Task RequestOfAProxy_OnAServerThatNeedsNoSignIn_Is403(string header, string value)
    {
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, "/"), (HttpMethod.Get, "/api/nodes"), (HttpMethod.Post, "/write"), (HttpMethod.Get, "/set-up"), (HttpMethod.Get, "/ws")])
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.TryAddWithoutValidation(header, value);
            using var response = await Client.SendAsync(request);

            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    // A server that does not listen: only its addresses matter.
    private (Exposure Exposure, ICollection<string> Addresses) Create()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrel();
        var server = builder.Build().Services.GetRequiredService<IServer>();
        return (new(server, App.Services.GetRequiredService<IHostApplicationLifetime>(), Options.Create(new SecurityOptions()), App.Services.GetRequiredService<AccessDirectory>()), server.Features.Get<IServerAddressesFeature>()!.Addresses);
    }
}

/// <summary>Proxies that are configured, and others.</summary>
public sealed class ProxyTests() : SecuredHub(("Security:OpenIngestFrom", "192.168.7.0/24"))
{
    [Fact]
    public async Task OpenNetwork_IsThatOfTheClient_AsTheNearestProxySaysIt()
    {
        using var admin = await SetUpAsync();
        var statuses = new List<HttpStatusCode>();
        // The last address is from the proxy; those before it are from the client.
        foreach (var addresses in (string[])["192.168.7.5", "10.0.0.1, 192.168.7.5", "192.168.7.5, 10.0.0.1", "10.0.0.1", "192.168.7.5:80, nonsense"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/write?precision=s") { Content = new StringContent($"c,node=12 temp=1 {Noon}") };
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", addresses);
            using var response = await Client.SendAsync(request);
            statuses.Add(response.StatusCode);
        }
        using var read = new HttpRequestMessage(HttpMethod.Get, "/api/nodes");
        read.Headers.Add("X-Forwarded-For", "192.168.7.5");
        using var refused = await Client.SendAsync(read);

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized], statuses);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }
}
