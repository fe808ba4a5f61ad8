using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SensorDash.Browser.Tests;

/// <summary>Another site, of one page.</summary>
internal sealed class OtherSite : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    public OtherSite()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Html { get; set; } = "";

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://{BrowserFixture.OtherName}:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Stop();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(RespondAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RespondAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                await using var stream = connection.GetStream();
                // The browser opens connections ahead, and may never use them.
                if (await stream.ReadAsync(new byte[8192], _end.Token) == 0) return;
                var body = Encoding.UTF8.GetBytes(Html);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n")), _end.Token);
                await stream.WriteAsync(body, _end.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The browser left, or the site ends.
            }
        }
    }
}
