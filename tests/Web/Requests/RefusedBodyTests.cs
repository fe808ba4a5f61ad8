using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Requests;

/// <summary>Senders that send a body to its end before they read: they read why it was refused, instead of an error of their connection.</summary>
public sealed class RefusedBodyTests() : ApiTests(("Ingest:MaxBodyMiB", "1"))
{
    private const int Length = 24 << 20; // More than the buffers of both ends of a connection.

    [Theory]
    [InlineData("/api/sensor-data", true)]
    [InlineData("/api/sensor-data", false)]
    [InlineData("/api/events", true)]
    [InlineData("/write", false)]
    [InlineData("/zones?handler=Add", true)]
    public async Task Body_ThatIsTooLarge_IsAnsweredWhenItsSenderReads(string path, bool saysItsLength)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, App.Address.Port);
        await using var stream = client.GetStream();
        var mediaType = path.StartsWith("/zones", StringComparison.Ordinal) ? "application/x-www-form-urlencoded" : path == "/write" ? "text/plain" : "application/x-ndjson";
        var length = saysItsLength ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Length}") : "Transfer-Encoding: chunked";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {mediaType}\r\n{length}\r\n\r\n"));
        var part = new byte[1 << 16];
        Array.Fill(part, (byte)' ');
        for (var sent = 0; sent < Length; sent += part.Length)
        {
            if (!saysItsLength) await stream.WriteAsync("10000\r\n"u8.ToArray());
            await stream.WriteAsync(part);
            if (!saysItsLength) await stream.WriteAsync("\r\n"u8.ToArray());
        }
        using var reader = new StreamReader(stream, Encoding.Latin1);

        Assert.StartsWith("HTTP/1.1 413 ", await reader.ReadLineAsync().WaitAsync(WaitFor.Limit), StringComparison.Ordinal);
    }
}
