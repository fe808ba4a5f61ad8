using System.Collections.Concurrent;
using System.Net;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Pages and questions at a steady pace, one after the other.</summary>
internal sealed class SoakQueries(HttpClient client, SteppedClock clock, TimeSpan pace)
{
    private static readonly string[] _paths =
    [
        "/", "/nodes/7", "/analytics", "/api/fleet/series?points=200", "/api/fleet/hours", "/api/nodes/7/statistics", "/api/nodes/8/statistics/hourly?tz=Europe/Paris", "/api/nodes/9/series",
        "/api/nodes?limit=50", "/api/quality?limit=20", "/api/sensor-data?limit=1000&node_address=5", "/events", "/api/events?limit=200&lanes=parsed&order=desc", "/api/events/metadata?limit=100", "/api/nodes/series?nodes=1,2,3", "/system",
        "/metrics", "/health/ready",
    ];

    // By path: how often, ms in all, and at most.
    private readonly ConcurrentDictionary<string, (int Count, double Sum, double Max)> _byPath = new();
    private long _answers, _refused;

    public Latencies Latencies { get; } = new();

    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Answers with 429, 503 or 504: the server was busy.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public async Task RunAsync(CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var took = await AskAsync(_paths[number % _paths.Length]);
            Interlocked.Increment(ref _answers);
            if (took < pace) await Task.Delay(pace - took, CancellationToken.None);
        }
    }

    private async Task<TimeSpan> AskAsync(string path)
    {
        using var step = await clock.InOneStepAsync();
        var since = TimeProvider.System.GetTimestamp();
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), CancellationToken.None);
        await answer.Content.CopyToAsync(Stream.Null, CancellationToken.None);
        if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout) Interlocked.Increment(ref _refused);
        else Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode} {path}");
        var took = TimeProvider.System.GetElapsedTime(since);
        Latencies.Add(took);
        _byPath.AddOrUpdate(path, (1, took.TotalMilliseconds, took.TotalMilliseconds), (_, o) => (o.Count + 1, o.Sum + took.TotalMilliseconds, Math.Max(o.Max, took.TotalMilliseconds)));
        return took;
    }

    /// <summary>A line for each path, the slowest first.</summary>
    public IEnumerable<string> Slowest()
        => _byPath.OrderByDescending(p => p.Value.Sum / p.Value.Count).Select(p => FormattableString.Invariant($"{p.Value.Sum / p.Value.Count:0} ms on average, {p.Value.Max:0} at most, {p.Value.Count} times: {p.Key}"));
}
