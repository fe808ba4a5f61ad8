using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Replays the last hour that is over, again and again, forward or backward: it gets what the live stream got.</summary>
internal sealed class Replayer(LiveFollower live, SteppedClock clock, bool isBackward)
{
    // In full the true time of an hour is ten seconds; gaps are skipped.
    private const int Rate = 1_000;

    private static readonly TimeSpan _betweenLooks = TimeSpan.FromMilliseconds(100);

    private long _replays, _rows, _interruptions;

    /// <summary>Hours that were replayed.</summary>
    public long Replays => Interlocked.Read(ref _replays);

    public long Rows => Interlocked.Read(ref _rows);

    public long Interruptions => Interlocked.Read(ref _interruptions);

    public async Task RunAsync(Uri server, CancellationToken stop)
    {
        await using var socket = await SocketClient.OpenAsync(server);
        for (long? done = null; !stop.IsCancellationRequested;)
        {
            using (await clock.InOneStepAsync())
            {
                if (FindHour() is { } hour && hour != done)
                {
                    if (await ReplayAsync(socket, hour)) done = hour;
                }
            }
            await Task.Delay(_betweenLooks, CancellationToken.None);
        }
    }

    // The latest one but the one of the newest event, which others may follow.
    private long? FindHour()
    {
        if (live.Hours.Last is not { } last) return null;
        var before = live.Hours.From(last - StoredTime.MaxStepHours).Keys.Where(hour => hour < last).ToList();
        return before.Count == 0 ? null : before.Max();
    }

    // False when the server ended it, because its store was unavailable for a moment.
    private async Task<bool> ReplayAsync(SocketClient socket, long hour)
    {
        var start = SocketClient.Start(("startTime", hour * StoredTime.Hour), ("stopTime", (hour + 1) * StoredTime.Hour), ("rate", isBackward ? -Rate : Rate), ("skipGaps", true));
        await socket.SendTextAsync(start.ToJsonString());
        var (rows, sum, last) = (0L, UInt128.Zero, isBackward ? long.MaxValue : 0);
        while (true)
        {
            var message = await socket.TryReadAsync() ?? throw new InvalidOperationException($"The server closed the socket: {socket.CloseStatus}.");
            if (message.GetProperty("type").GetString() == "streamComplete") break;
            if (message.GetProperty("type").GetString() == "streamStarted") continue;
            if (message.GetProperty("type").GetString() == "error")
            {
                Interlocked.Increment(ref _interruptions);
                return false;
            }
            Assert.True(message.GetProperty("type").GetString() == "streamChunk", message.ToString());
            foreach (var one in message.GetProperty("events").EnumerateArray())
            {
                var (id, canonical, _) = LiveFollower.Read(one);
                Assert.True(isBackward ? canonical <= last : canonical >= last, $"{canonical} after {last}");
                (rows, sum, last) = (rows + 1, unchecked(sum + id), canonical);
            }
        }
        Assert.Equal(live.Hours.Of(hour), (rows, sum));
        Interlocked.Increment(ref _replays);
        Interlocked.Add(ref _rows, rows);
        return true;
    }
}
