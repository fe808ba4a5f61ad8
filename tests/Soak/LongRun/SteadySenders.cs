using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Connections that send bodies of readings and of events by turns, and again until they are acknowledged.</summary>
internal sealed class SteadySenders(HttpClient client, SteppedClock clock, int connections, int rowsPerBody)
{
    private static readonly TimeSpan _beforeRetry = TimeSpan.FromMilliseconds(200);

    private readonly SoakRows _rows = new(clock);
    private readonly long[] _events = new long[SoakRows.Lanes.Count], _sources = new long[SoakRows.Lanes.Count];
    private readonly Latencies _latencies = new();
    private long _bodies, _readings, _sent, _refused;

    public Latencies Latencies => _latencies;

    /// <summary>Acknowledged readings by day of measurement.</summary>
    public PeriodSums Days { get; } = new();

    /// <summary>Readings that a 200 has covered.</summary>
    public long Readings => Interlocked.Read(ref _readings);

    /// <summary>Rows of the bodies that were sent, retries not counted.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Bodies that were answered with 429 or 503, or not at all.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Events of a lane that a 200 has covered, and the sum of their source times; all lanes if it is null.</summary>
    public (long Rows, long Sources) EventsOf(string? lane)
    {
        lock (_events)
        {
            if (lane is null) return (_events.Sum(), _sources.Aggregate(0L, (sum, one) => unchecked(sum + one)));
            var index = SoakRows.Lanes.ToList().IndexOf(lane);
            return (_events[index], _sources[index]);
        }
    }

    public long Acknowledged => Readings + EventsOf(null).Rows;

    /// <summary>Sends at a rate, in all; a connection that is behind sends at once. Every body that it began is acknowledged when it returns.</summary>
    public Task SendAsync(double rowsPerSecond, CancellationToken stop)
    {
        var (watch, first) = (Stopwatch.StartNew(), Interlocked.Read(ref _bodies));
        return Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var body = Interlocked.Increment(ref _bodies) - 1;
                var due = TimeSpan.FromSeconds((body - first) * rowsPerBody / rowsPerSecond) - watch.Elapsed;
                if (due > TimeSpan.Zero)
                {
                    try
                    {
                        await Task.Delay(due, stop);
                    }
                    catch (OperationCanceledException)
                    {
                        return;
                    }
                }
                using var step = await clock.InOneStepAsync();
                await (body % 2 == 0 ? SendReadingsAsync() : SendEventsAsync());
            }
        })));
    }

    private async Task SendReadingsAsync()
    {
        var body = _rows.Readings(rowsPerBody, out var sums);
        await SendAsync("/api/sensor-data", body);
        Days.Add(sums);
        Interlocked.Add(ref _readings, rowsPerBody);
    }

    private async Task SendEventsAsync()
    {
        var body = _rows.Events(rowsPerBody, out var sources);
        await SendAsync("/api/events", body);
        lock (_events)
        {
            for (var lane = 0; lane < sources.Length; lane++)
            {
                _events[lane] += rowsPerBody / sources.Length;
                unchecked
                {
                    _sources[lane] += sources[lane];
                }
            }
        }
    }

    private async Task SendAsync(string path, byte[] body)
    {
        Interlocked.Add(ref _sent, rowsPerBody);
        var since = TimeProvider.System.GetTimestamp();
        for (var isRetry = false; !await TryAsync(path, body, isRetry); isRetry = true)
        {
            Interlocked.Increment(ref _refused);
            await Task.Delay(_beforeRetry);
        }
        _latencies.Add(TimeProvider.System.GetElapsedTime(since));
    }

    private async Task<bool> TryAsync(string path, byte[] body, bool isRetry)
    {
        try
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) return false;
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode} {text}");
            using var answer = JsonDocument.Parse(text);
            var (inserted, duplicates) = (answer.RootElement.GetProperty("inserted").GetInt32(), answer.RootElement.GetProperty("duplicates").GetInt32());
            Assert.True(inserted + duplicates == rowsPerBody && (isRetry || duplicates == 0), text);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or TaskCanceledException)
        {
            return false;
        }
    }
}
