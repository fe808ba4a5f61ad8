using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>Large bodies, and clients that hold what others need.</summary>
public sealed class FloodTests() : SecuredHub(("Ingest:MaxBodyMiB", "1"), ("Events:MaxStreams", "8"), ("Security:UnknownRequestsPerMinute", "100000"), ("Security:SignInsPerMinute", "1000"))
{
    private const int Slow = 100;

    [Theory]
    [InlineData("/api/sensor-data", "application/x-ndjson")]
    [InlineData("/api/events", "application/x-ndjson")]
    [InlineData("/write", "text/plain")]
    public async Task Body_ThatIsTooLargeOrGrowsTooMuch_Is413_AlsoWithAKey(string path, string mediaType)
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "gateway", "ingest"));
        using var large = await client.PostAsync(path, Content(new byte[(1 << 20) + 1], null));
        using var bomb = await client.PostAsync(path, Content(Zeros(64 << 20), "br"));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.RequestEntityTooLarge), (large.StatusCode, bomb.StatusCode));

        ByteArrayContent Content(byte[] body, string? encoding)
        {
            var content = new ByteArrayContent(body);
            content.Headers.ContentType = new(mediaType);
            if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
            return content;
        }
    }

    [Theory]
    [InlineData("/api/sensor-data", 401)]
    [InlineData("/api/events", 401)]
    [InlineData("/write", 401)]
    [InlineData("/zones?handler=Add", 401)]
    public async Task Body_OfSomebodyWithoutAKey_IsNotRead(string path, int status)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, App.Address.Port);
        await using var stream = client.GetStream();
        // The body never comes.
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);

        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} "), await reader.ReadLineAsync().WaitAsync(WaitFor.Limit), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /api/nodes HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")] // The headers do not end.
    [InlineData("POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=")] // The form does not.
    [InlineData("")]
    public async Task OthersAreServed_WhileAHundredClientsSendNothingMore(string beginning)
    {
        using var admin = await SetUpAsync();
        var slow = Enumerable.Range(0, Slow).Select(_ => new TcpClient()).ToArray();
        try
        {
            foreach (var client in slow)
            {
                await client.ConnectAsync(IPAddress.Loopback, App.Address.Port);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(beginning));
            }
            using var other = new HubBrowser(App);
            using var signedIn = await SignInAsync(other, AdminName, AdminPassword);

            Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
            Assert.Equal(HttpStatusCode.OK, await other.StatusAsync("/api/nodes"));
        }
        finally
        {
            foreach (var client in slow) client.Dispose();
        }
    }

    [Fact]
    public async Task Sockets_ThatSayNotWhoTheyAre_DoNotTakeTheStreamsOfOthers()
    {
        using var admin = await SetUpAsync();
        var key = await AddKeyAsync(admin, "reader", "read");
        var sockets = new List<SocketClient>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                try
                {
                    sockets.Add(await SocketClient.OpenAsync(App.Address));
                }
                catch (System.Net.WebSockets.WebSocketException)
                {
                    // Refused, because too many wait.
                }
            }
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/sensor-data/live");
            request.Headers.Authorization = new("Bearer", key);
            using var stream = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

            Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        }
        finally
        {
            foreach (var socket in sockets) await socket.DisposeAsync();
        }
    }

    private static byte[] Zeros(int length)
    {
        using var zipped = new MemoryStream();
        using (var brotli = new BrotliStream(zipped, CompressionLevel.Optimal)) brotli.Write(new byte[length]);
        return zipped.ToArray();
    }
}
