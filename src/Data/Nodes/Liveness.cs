namespace SensorDash.Data.Nodes;

public enum NodeStatus
{
    /// <summary>The latest reading is within the allowed time.</summary>
    Live,

    /// <summary>No reading for longer than the allowed time.</summary>
    Late,

    /// <summary>No reading for longer than four times the allowed time.</summary>
    Stale,

    /// <summary>No readings.</summary>
    Never,
}

/// <summary>Liveness of a node by its latest measured time. Equal values count as much as changing ones.</summary>
/// <param name="Status">The status.</param>
/// <param name="Reason">The reason as text.</param>
/// <param name="SilentSeconds">Seconds since the latest measured time; null without readings.</param>
/// <param name="ExpectedIntervalSeconds">Configured or estimated; null when unknown.</param>
public sealed record Liveness(NodeStatus Status, string Reason, long? SilentSeconds, int? ExpectedIntervalSeconds)
{
    /// <summary>Readings for the estimate of the expected interval: a few gaps do not affect the median of fifty intervals.</summary>
    public const int LearnedFrom = 51;

    /// <summary>Fewer readings give no estimate.</summary>
    internal const int MinLearnedFrom = 3;

    private const int AllowedIntervals = 3;
    private const int ShortestAllowedSilence = 300;
    private const int StaleAfterAllowed = 4;

    /// <summary>Where in <see cref="Reason"/> the duration of <see cref="SilentSeconds"/> is, which goes on counting while a page is open.</summary>
    public Range? ReasonDuration { get; private init; }

    /// <summary>When the status changes unless a reading arrives, Unix seconds; null when it stays.</summary>
    public long? ChangesAt { get; private init; }

    public bool IsOnline => Status == NodeStatus.Live;

    /// <param name="newestFirst">Measured times of the latest readings, Unix seconds, newest first.</param>
    /// <param name="configuredIntervalSeconds">The interval that the user configured, or null.</param>
    /// <param name="now">Unix seconds.</param>
    public static Liveness Evaluate(ReadOnlySpan<long> newestFirst, int? configuredIntervalSeconds, long now)
        => Evaluate(newestFirst.IsEmpty ? null : newestFirst[0], configuredIntervalSeconds ?? LearnInterval(newestFirst), now);

    /// <param name="newest">Latest measured time, Unix seconds; null without readings.</param>
    /// <param name="interval">Expected interval in seconds, configured or estimated; null when unknown.</param>
    /// <param name="now">Unix seconds.</param>
    public static Liveness Evaluate(long? newest, int? interval, long now)
    {
        if (newest is not { } time) return new(NodeStatus.Never, "no reading yet", null, interval);

        var elapsed = Math.Max(0, now - time); // A node's clock may run a little ahead.
        var expected = interval is { } known ? $"expected every {FormatDuration(known)}" : "expected interval unknown";
        var status = StatusOf(elapsed, interval);
        var (before, duration, after) = (status == NodeStatus.Live ? "last reading " : "no reading for ", FormatDuration(elapsed), status == NodeStatus.Live ? $" ago, {expected}" : $", {expected}");
        return new(status, before + duration + after, elapsed, interval)
        {
            ReasonDuration = before.Length..(before.Length + duration.Length),
            ChangesAt = status switch
            {
                NodeStatus.Live => time + AllowedSilence(interval) + 1,
                NodeStatus.Late => time + (StaleAfterAllowed * AllowedSilence(interval)) + 1,
                _ => null,
            },
        };
    }

    /// <summary>The status of a node that has readings.</summary>
    /// <param name="silentSeconds">Seconds since the latest measured time.</param>
    /// <param name="intervalSeconds">The expected interval; null when unknown.</param>
    internal static NodeStatus StatusOf(long silentSeconds, int? intervalSeconds)
    {
        var allowed = AllowedSilence(intervalSeconds);
        return silentSeconds <= allowed ? NodeStatus.Live : silentSeconds <= StaleAfterAllowed * allowed ? NodeStatus.Late : NodeStatus.Stale;
    }

    private static long AllowedSilence(int? intervalSeconds) => Math.Max(ShortestAllowedSilence, AllowedIntervals * (long)(intervalSeconds ?? 0));

    /// <summary>Whether the status after so many seconds depends on the expected interval.</summary>
    internal static bool DependsOnInterval(long silentSeconds)
        => silentSeconds > ShortestAllowedSilence && silentSeconds <= (long)StaleAfterAllowed * AllowedIntervals * NodeMetadata.MaxExpectedIntervalSeconds;

    /// <summary>Median interval in seconds, or null with fewer than three readings.</summary>
    public static int? LearnInterval(ReadOnlySpan<long> newestFirst)
    {
        if (newestFirst.Length < MinLearnedFrom) return null;
        var spacings = new long[newestFirst.Length - 1];
        for (var i = 0; i < spacings.Length; i++) spacings[i] = newestFirst[i] - newestFirst[i + 1];
        Array.Sort(spacings);
        return (int)Math.Min(spacings[(spacings.Length - 1) / 2], NodeMetadata.MaxExpectedIntervalSeconds);
    }

    /// <summary>A duration as short text: "45 s", "14 min", "3 h 5 min", "2 d 4 h".</summary>
    public static string FormatDuration(long seconds) => seconds switch
    {
        < 120 => $"{seconds} s",
        < 7200 => $"{seconds / 60} min",
        < 172_800 => seconds % 3600 < 60 ? $"{seconds / 3600} h" : $"{seconds / 3600} h {seconds % 3600 / 60} min",
        _ => seconds % 86_400 < 3600 ? $"{seconds / 86_400} d" : $"{seconds / 86_400} d {seconds % 86_400 / 3600} h",
    };
}
