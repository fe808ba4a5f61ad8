using System.Globalization;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>What is watched during a run. The names of columns that must stay flat are in <see cref="Flatness"/>.</summary>
internal sealed class Sampler(Workload run, StoredState stored)
{
    private const double MiB = 1024 * 1024;

    // Counting rows reads an index of each table.
    private static readonly TimeSpan _betweenCounts = TimeSpan.FromMinutes(1);

    private Dictionary<string, double> _counts = [];
    private TimeSpan? _countedAt;

    public async Task<Dictionary<string, double>> TakeAsync(TimeSpan elapsed)
    {
        if (_countedAt is not { } last || elapsed - last >= _betweenCounts) (_counts, _countedAt) = (await stored.CountAsync(), elapsed);
        var (ack, query) = (run.Senders.Latencies.Take(50, 95, 99), run.Queries.Latencies.Take(50, 95));
        var (metrics, removed) = (await run.MetricsAsync(), await run.RemovedAsync());
        var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{run.Server.Id}");
        var sample = new Dictionary<string, double>
        {
            ["seconds"] = Math.Round(elapsed.TotalSeconds),
            ["server_day"] = Math.Round(run.Clock.Now / 1e6 / 86_400, 2),
            ["sent"] = run.Senders.Sent,
            ["acknowledged_readings"] = run.Senders.Readings,
            ["acknowledged_events"] = run.Senders.EventsOf(null).Rows,
            ["removed_readings"] = removed["readings"],
            ["removed_events"] = removed.Values.Sum() - removed["readings"],
            ["anonymous_mib"] = run.Server.Memory().Anonymous,
            ["heap_mib"] = Sum(metrics, "dotnet_gc_last_collection_heap_size_bytes") / MiB,
            ["threads"] = Directory.GetDirectories(process + "/task").Length,
            ["files"] = Directory.GetFileSystemEntries(process + "/fd").Length,
            ["cpu_seconds"] = run.Server.ProcessorTime.TotalSeconds,
            ["ack_p50"] = ack[0],
            ["ack_p95"] = ack[1],
            ["ack_p99"] = ack[2],
            ["query_p50"] = query[0],
            ["query_p95"] = query[1],
            ["answers"] = run.Queries.Answers,
            ["refused_bodies"] = run.Senders.Refused,
            ["refused_queries"] = run.Queries.Refused,
            ["stream_lag_rows"] = run.Followers.Max(follower => Math.Max(0, run.Senders.EventsOf(follower.Lane).Rows - follower.Rows)),
            ["fell_behind"] = run.Followers.Sum(follower => follower.FellBehind),
            ["interruptions"] = run.Followers.Sum(follower => follower.Interruptions) + run.Replayers.Sum(replayer => replayer.Interruptions) + run.Backups.Interruptions,
            ["side_path_lag_rows"] = Sum(metrics, "sensordash_analytics_lag_rows"),
            ["backups"] = run.Backups.Made,
            ["replays"] = run.Replayers.Sum(replayer => replayer.Replays),
            ["replayed_events"] = run.Replayers.Sum(replayer => replayer.Rows),
            ["test_mib"] = Environment.WorkingSet / MiB,
        };
        foreach (var (name, value) in (await stored.ReadSizesAsync()).Concat(_counts)) sample[name] = value;
        return sample;
    }

    private static double Sum(string[] metrics, string name) => metrics.Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.IndexOf(' ', line.IndexOf('}', StringComparison.Ordinal) + 1) + 1)..].Split(' ')[0], CultureInfo.InvariantCulture));
}
