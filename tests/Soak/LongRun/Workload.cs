using System.Globalization;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Everything that uses a server at the same time.</summary>
internal sealed class Workload(SensorDashProcess server, SteppedClock clock, List<LiveFollower> followers, SteadySenders senders, SoakQueries queries, SoakBackups backups)
{
    public const int Replays = 4;

    private readonly CancellationTokenSource _stopReplays = new(), _stopSending = new(), _stopRest = new();
    private readonly List<Task> _following = [], _sending = [], _rest = [];

    public SensorDashProcess Server => server;

    public SteppedClock Clock => clock;

    public List<LiveFollower> Followers => followers;

    public SteadySenders Senders => senders;

    public SoakQueries Queries => queries;

    public SoakBackups Backups => backups;

    public List<Replayer> Replayers { get; } = [.. Enumerable.Range(0, Replays).Select(i => new Replayer(followers[0], clock, isBackward: i % 2 == 0))];

    /// <summary>The newest backup, made after the last row.</summary>
    public string? LastBackup { get; private set; }

    public void Begin(TimeSpan betweenBackups)
    {
        _following.AddRange(followers.Select(follower => Task.Run(follower.RunAsync)));
        _rest.AddRange(Replayers.Select(replayer => Task.Run(() => replayer.RunAsync(server.Client.BaseAddress!, _stopReplays.Token))));
        _rest.Add(Task.Run(() => queries.RunAsync(_stopRest.Token)));
        _rest.Add(Task.Run(() => backups.RunAsync(betweenBackups, _stopRest.Token)));
        _rest.Add(Task.Run(() => clock.RunAsync(server.Client, _stopRest.Token)));
    }

    /// <summary>Sends as fast as the server takes it.</summary>
    /// <returns>Acknowledged rows per second.</returns>
    public async Task<double> MeasureAsync(TimeSpan duration)
    {
        using var enough = new CancellationTokenSource();
        var (before, since) = (senders.Acknowledged, TimeProvider.System.GetTimestamp());
        var sending = senders.SendAsync(double.PositiveInfinity, enough.Token);
        await DelayAsync(duration);
        await enough.CancelAsync();
        await sending;
        var rate = (senders.Acknowledged - before) / TimeProvider.System.GetElapsedTime(since).TotalSeconds;
        senders.Latencies.Take();
        queries.Latencies.Take();
        return rate;
    }

    public void BeginSending(double rate) => _sending.Add(senders.SendAsync(rate, _stopSending.Token));

    /// <summary>Waits, and fails as soon as anything has failed.</summary>
    public async Task DelayAsync(TimeSpan time)
    {
        var delay = Task.Delay(time);
        var first = await Task.WhenAny([delay, .. _following, .. _sending, .. _rest]);
        if (first == delay) return;
        await first;
        throw new InvalidOperationException("Something ended early.");
    }

    /// <summary>Whether retention has removed rows of each kind, hours were replayed both ways, and a backup was made.</summary>
    public async Task<bool> HasSeenAllAsync()
    {
        if (backups.Made == 0 || Replayers.Any(replayer => replayer.Replays == 0)) return false;
        var removed = await RemovedAsync();
        return removed["readings"] > 0 && removed["raw"] > 0 && removed["metadata"] > 0;
    }

    /// <summary>Rows that retention has removed since the start, by kind.</summary>
    public async Task<Dictionary<string, long>> RemovedAsync()
    {
        const string Removed = "sensordash_retention_removed_rows_total{";
        var removed = new Dictionary<string, long>();
        foreach (var line in (await MetricsAsync()).Where(line => line.StartsWith(Removed, StringComparison.Ordinal)))
            removed[line.Split("kind=\"")[1].Split('"')[0]] = (long)double.Parse(line.Split("} ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        return removed;
    }

    public async Task<string[]> MetricsAsync() => (await server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n');

    /// <summary>Ends senders, then the rest, and lets the streams receive what is left.</summary>
    public async Task EndAsync()
    {
        await _stopSending.CancelAsync();
        await Task.WhenAll(_sending);
        await _stopReplays.CancelAsync();
        await _stopRest.CancelAsync();
        await Task.WhenAll(_rest);
        LastBackup = await backups.CreateAsync();
        await backups.VerifyAsync(LastBackup);
        foreach (var follower in followers) await WaitFor.TrueAsync($"{follower.Name} receives everything", () => follower.Rows >= senders.EventsOf(follower.Lane).Rows || _following.Any(f => f.IsCompleted));
        if (_following.FirstOrDefault(f => f.IsCompleted) is { } ended) await ended;
        foreach (var follower in followers) await follower.DisposeAsync();
        await Task.WhenAll(_following);
    }
}
