using System.Globalization;
using System.Net.Sockets;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Follows the events with the token of its last message, from whichever process it reaches.</summary>
internal sealed class EventFollower
{
    private readonly Random _random = new(28);
    private readonly List<string> _received = [];
    private string? _token;

    public IReadOnlyList<string> Received
    {
        get
        {
            lock (_received) return [.. _received];
        }
    }

    public int Connections { get; private set; }

    /// <summary>Starts at the beginning of the empty store.</summary>
    public async Task BeginAsync(SensorDashProcess server)
    {
        if (_token is not null) return;
        await using var stream = await SseClient.OpenAsync(server.Client.BaseAddress!, "/api/events/live");
        _token = (await stream.ReadAsync("caughtUp")).Id;
    }

    public async Task RunAsync(List<SensorDashProcess> servers, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(servers[_random.Next(servers.Count)], stop);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
            {
                await Task.Delay(10, CancellationToken.None); // Killed, not there yet, or too busy to answer.
            }
        }
    }

    private async Task FollowAsync(SensorDashProcess server, CancellationToken stop)
    {
        await using var stream = await SseClient.OpenAsync(server.Client.BaseAddress!, "/api/events/live", _token);
        await using var end = stop.Register(() => stream.Response.Dispose());
        Connections++;
        for (var left = _random.Next(1, 12); left > 0 && await stream.TryReadAsync() is { } message; left--)
        {
            Assert.NotEqual("reset", message.Event);
            if (message.Event == "events")
            {
                Assert.Equal(long.Parse(_token!.Split('.')[1], CultureInfo.InvariantCulture), message.Data.GetProperty("prev").GetInt64());
                lock (_received) _received.AddRange(message.Data.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("eventId").GetString()!));
            }
            _token = message.Id ?? _token;
        }
    }
}
