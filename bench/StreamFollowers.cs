using System.Diagnostics;
using System.Globalization;
using System.Text;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>The clients of live streams, in a process of their own at a lower priority: elsewhere they are on other machines, and must not take the processor of the program that is measured.</summary>
internal sealed class StreamFollowers : IAsyncDisposable
{
    private const int EventConnections = StreamsBench.EventConnections;
    private const string Clear = "clear", End = "end";

    private readonly Process _process;

    private StreamFollowers(Process process) => _process = process;

    /// <summary>Starts the clients; all have been answered when it returns.</summary>
    public static async Task<StreamFollowers> StartAsync(Uri server, int unfiltered, int filtered)
    {
        var followers = new StreamFollowers(Process.Start(new ProcessStartInfo("nice",
            ["-n", "10", "dotnet", typeof(StreamFollowers).Assembly.Location, "follow", server.ToString(), Text(unfiltered), Text(filtered)])
        { RedirectStandardInput = true, RedirectStandardOutput = true })!);
        await followers._process.StandardOutput.ReadLineAsync();
        return followers;
    }

    /// <summary>Forgets what was delivered until now.</summary>
    public async Task ClearAsync()
    {
        await _process.StandardInput.WriteLineAsync(Clear);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Ends the clients.</summary>
    /// <returns>Messages delivered, and the time from the commit to the line, p50 and p95 in ms.</returns>
    public async Task<(int Messages, string Delays)> EndAsync()
    {
        await _process.StandardInput.WriteLineAsync(End);
        await _process.StandardInput.FlushAsync();
        var result = (await _process.StandardOutput.ReadLineAsync())!.Split(';');
        await _process.WaitForExitAsync();
        return (int.Parse(result[0], CultureInfo.InvariantCulture), result[1]);
    }

    /// <summary>The process of the clients.</summary>
    public static async Task<int> RunAsync(Uri server, int unfiltered, int filtered)
    {
        using var stop = new CancellationTokenSource();
        var delays = new List<double>();
        var connected = new CountdownEvent(unfiltered + filtered);
        var streams = Enumerable.Range(0, unfiltered).Select(_ => FollowAsync(server, "", delays, connected, stop.Token))
            .Concat(Enumerable.Range(0, filtered).Select(i => FollowAsync(server, $"?lanes=raw&connectionId=c{i % EventConnections}", delays, connected, stop.Token))).ToArray();
        await Task.Run(connected.Wait);
        Console.WriteLine("connected");
        while (await Console.In.ReadLineAsync(CancellationToken.None) is Clear)
        {
            lock (delays) delays.Clear();
        }
        await stop.CancelAsync();
        await Task.WhenAll(streams);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{delays.Count};{StreamsBench.Percentiles(delays)}"));
        return 0;
    }

    private static async Task FollowAsync(Uri server, string query, List<double> delays, CountdownEvent connected, CancellationToken stop)
    {
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = server };
            await using var stream = await client.GetStreamAsync(new Uri("/api/events/live" + query, UriKind.Relative), stop);
            connected.Signal();
            using var lines = new StreamReader(stream, Encoding.UTF8, false, 64 * 1024);
            long position = 0;
            while (await lines.ReadLineAsync(stop) is { } line)
            {
                if (line.StartsWith("id: ", StringComparison.Ordinal)) position = SseClient.PositionOf(line);
                if (!line.StartsWith("data: {\"events\":[{", StringComparison.Ordinal)) continue;
                // The position of a commit is the hub's clock when it began, on the same machine.
                var now = TimeProvider.System.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;
                lock (delays) delays.Add((now - (position * TimeSpan.TicksPerMicrosecond)) / (double)TimeSpan.TicksPerMillisecond);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && stop.IsCancellationRequested)
        {
            // The end of the round.
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
