namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Whether a long run has become flat: the median of its last third against that of its middle third.</summary>
/// <remarks>Medians, because a backup, a removal or another program of the machine make peaks. What grows without bound grows by a half or more between the middles of these thirds, since
/// they are as far apart as the start is from the middle of the first; what leaks slower than a tenth per third of the run shows in the longer run.</remarks>
internal static class Flatness
{
    private static readonly (string Prefix, double Ratio, double Slack)[] _limits =
    [
        // The collector returns memory late, and DuckDB fills its buffers up to the limit in the settings.
        ("anonymous_mib", 1.15, 32),
        ("threads", 1.2, 10),
        ("files", 1.2, 20),
        // Twice the resolution of a machine that does other work too.
        ("ack_p95", 1.5, 50),
        ("query_p95", 1.5, 50),
        // What is kept differs by a day within each day, the same in both thirds.
        ("mib_", 1.1, 16),
        ("rows_", 1.1, 2_000),
        ("stream_lag_rows", 1.5, 20_000),
        ("side_path_lag_rows", 1.5, 20_000),
    ];

    /// <summary>A line for each column, and those that are not flat.</summary>
    public static (List<string> Lines, List<string> Growing) Compare(SampleLog log)
    {
        var (lines, growing) = (new List<string>(), new List<string>());
        foreach (var (prefix, ratio, slack) in _limits)
        {
            foreach (var (column, middle, last) in log.Medians(prefix))
            {
                lines.Add($"{column}: {SampleLog.Text(middle)}, then {SampleLog.Text(last)}");
                if (last > (middle * ratio) + slack) growing.Add(lines[^1]);
            }
        }
        return (lines, growing);
    }
}
