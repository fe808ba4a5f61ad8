using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Security;

/// <summary>Addresses that lead out of the folders of the program, and texts that would become headers.</summary>
public sealed class PathAndHeaderTests : ApiTests
{
    [Theory]
    [InlineData("/../appsettings.json")]
    [InlineData("/css/../../appsettings.json")]
    [InlineData("/css/%2e%2e/%2e%2e/appsettings.json")]
    [InlineData("/css/..%2f..%2fappsettings.json")]
    [InlineData("/css/..%5c..%5cappsettings.json")]
    [InlineData("/css/..\\..\\appsettings.json")]
    [InlineData("/..%252f..%252fappsettings.json")]
    [InlineData("/%c0%ae%c0%ae/appsettings.json")]
    [InlineData("//etc/passwd")]
    [InlineData("/%2fetc%2fpasswd")]
    [InlineData("/css/..;/..;/appsettings.json")]
    [InlineData("/css/app.css%00.json")]
    [InlineData("/appsettings.json")]
    [InlineData("/SensorDash.Web.dll")]
    [InlineData("/test.db")]
    public async Task File_OutsideOfTheBrowserFiles_IsNotSent(string path)
    {
        var answer = await AskRawAsync($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");

        Assert.Matches(@"\AHTTP/1\.1 4\d\d ", answer);
        Assert.DoesNotContain("\"Database\"", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/system/move?handler=Report&id=1&of=..%2f..%2fappsettings.json")]
    [InlineData("/system/move?handler=Report&id=1&of=%2fetc%2fpasswd")]
    [InlineData("/system/move?handler=Report&id=-1&of=SQLite")]
    [InlineData("/system/move?handler=Report&id=1%00&of=SQLite")]
    [InlineData("/zones/..%2f..%2fappsettings.csv")]
    [InlineData("/nodes/12/..%2f..%2fx.csv")]
    public async Task File_OfAPage_IsOneOfItsOwn(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.InRange((int)response.StatusCode, 400, 499);
    }

    [Theory]
    [InlineData("POST /api/nodes/12/metadata")]
    [InlineData("GET /api/nodes")]
    public async Task Answer_HasNoHeaderOfTheRequestLine(string request)
    {
        var answer = await AskRawAsync($"{request}?x=%0d%0aSet-Cookie:%20evil=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        Assert.DoesNotContain("\r\nSet-Cookie", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("a\r\nSet-Cookie: evil=1")]
    [InlineData("\"; filename=\"evil.sh")]
    [InlineData("../../evil")]
    [InlineData("Glashäuschen 温室")]
    public async Task NameOfANode_BecomesNoHeader(string name)
    {
        await StoreAsync(Some.Reading());
        using var put = await PutAsync("/api/nodes/12/metadata", JsonSerializer.Serialize(new { name }));
        foreach (var path in (string[])["/nodes/12/readings.csv", "/nodes/12?handler=Table&table=readings&format=csv", "/api/sensor-data/export?node_address=12", "/overview/nodes.csv", "/zones/zones.csv"])
        {
            using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
            var disposition = response.Content.Headers.TryGetValues("Content-Disposition", out var values) ? values.Single() : "";

            Assert.False(response.Headers.Contains("Set-Cookie"));
            Assert.DoesNotContain("evil", disposition, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', disposition);
        }
    }

    private async Task<string> AskRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, App.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request.Replace("Host: 127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"Host: 127.0.0.1:{App.Address.Port}"), StringComparison.Ordinal)));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync().WaitAsync(WaitFor.Limit);
    }
}

/// <summary>Texts of people that would become headers.</summary>
public sealed class NamesInHeadersTests : SecuredHub
{
    [Theory]
    [InlineData("/\r\nSet-Cookie: evil=1")]
    [InlineData("/a\nb")]
    [InlineData("/\t/evil.example")]
    [InlineData("/%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("~/\\evil.example")]
    [InlineData(" //evil.example")]
    public async Task Return_BecomesNoHeaderAndNoOtherSite(string target)
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        using var response = await browser.SendAsync($"/sign-in?return={Uri.EscapeDataString(target)}", null, ("name", AdminName), ("password", AdminPassword));
        var location = response.Headers.GetValues("Location").Single();

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.StartsWith("/", location, StringComparison.Ordinal);
        Assert.Equal(App.Address.Host, new Uri(App.Address, location).Host);
        Assert.DoesNotContain(response.Headers.GetValues("Set-Cookie"), c => c.StartsWith("evil", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Path_OfAnotherSite_LeadsBackToThisOne()
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        using var asked = await browser.Client.GetAsync(new UriBuilder(App.Address) { Path = "//evil.example/x" }.Uri);
        var signIn = asked.Headers.Location!.ToString();
        using var response = await browser.SendAsync(signIn, null, ("name", AdminName), ("password", AdminPassword));

        Assert.StartsWith("/sign-in", signIn, StringComparison.Ordinal);
        Assert.Equal("/", response.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("a\r\nSet-Cookie: evil=1")]
    [InlineData("a\u001b[31m")]
    public async Task NameOfAKeyOrAUser_WithControlCharacters_IsRefused(string name)
    {
        using var admin = await SetUpAsync();
        using var key = await admin.SendAsync("/system/keys", "Add", ("name", name), ("scope", "read"), ("days", "0"));
        using var user = await admin.SendAsync("/system/users", "Add", ("name", name), ("role", "viewer"), ("password", AdminPassword));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (key.StatusCode, user.StatusCode));
    }
}
