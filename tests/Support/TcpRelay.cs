using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace SensorDash.Tests.Support;

/// <summary>A way to a server that can be cut, and on which nothing moves while it is paused.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly string _host;
    private readonly int _port;
    private readonly ConcurrentDictionary<Socket, bool> _open = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ManualResetEventSlim _moves = new(initialState: true);
    private Socket? _listener;

    public TcpRelay(string host, int port)
    {
        (_host, _port) = (host, port);
        Start(0);
    }

    public int Port { get; private set; }

    /// <summary>Changes what the server answers: gets bytes that arrived together, and returns those that go on. Null: as they are.</summary>
    public Func<byte[], byte[]>? ChangeAnswer { get; set; }

    /// <summary>As if the server had stopped: connections end, new ones are refused.</summary>
    public void Cut()
    {
        _listener!.Dispose();
        foreach (var socket in _open.Keys) socket.Close(0);
    }

    /// <summary>As if it had started again.</summary>
    public void Mend() => Start(Port);

    /// <summary>As if it were frozen: connections are accepted, and nothing is answered.</summary>
    public void Pause() => _moves.Reset();

    public void Resume() => _moves.Set();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _moves.Set();
        Cut();
    }

    private void Start(int port)
    {
        var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        (_listener, Port) = (listener, ((IPEndPoint)listener.LocalEndPoint!).Port);
        _ = Task.Run(() => AcceptAsync(listener));
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(_stop.Token);
                _open[client] = true;
                _ = Task.Run(() => RelayAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _open[server] = true;
        try
        {
            await server.ConnectAsync(_host, _port, _stop.Token);
            await Task.WhenAny(CopyAsync(client, server, isAnswer: false), CopyAsync(server, client, isAnswer: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }
        finally
        {
            foreach (var socket in (Socket[])[client, server])
            {
                _open.TryRemove(socket, out _);
                socket.Dispose();
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is var length and > 0)
            {
                await Task.Run(() => _moves.Wait(_stop.Token));
                var bytes = isAnswer && ChangeAnswer is { } change ? change(buffer[..length]) : buffer.AsMemory(0, length);
                await to.SendAsync(bytes, _stop.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }
    }
}
