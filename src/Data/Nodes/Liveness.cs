namespace SensorDash.Data.Nodes;

public enum NodeStatus
{
    /// <summary>The hub received a reading within the allowed time.</summary>
    Live,

    /// <summary>No reading received for longer than the allowed time.</summary>
    Late,

    /// <summary>No reading received for longer than four times the allowed time.</summary>
    Stale,

    /// <summary>No readings.</summary>
    Never,

    /// <summary>The hub receives readings, but their measured times are in the future.</summary>
    ClockAhead,

    /// <summary>The hub receives readings, but their measured times are long past.</summary>
    ClockBehind,
}

/// <summary>Liveness of a node by the time at which the hub received its last reading. Equal values count as much as changing ones.</summary>
/// <param name="Status">The status.</param>
/// <param name="Text">The status as text: "live", "clock 20 h ahead".</param>
/// <param name="Reason">The reason as text.</param>
/// <param name="SilentSeconds">Seconds since the latest measured time; null without readings.</param>
/// <param name="ReceivedSeconds">Seconds since the last reading was received; null without readings.</param>
/// <param name="ClockSkewSeconds">Received − measured of the last received reading, negative when the node's clock is ahead; null without readings.</param>
/// <param name="ExpectedIntervalSeconds">Configured or estimated; null when unknown.</param>
public sealed record Liveness(
    NodeStatus Status, string Text, string Reason, long? SilentSeconds, long? ReceivedSeconds, long? ClockSkewSeconds, int? ExpectedIntervalSeconds)
{
    /// <summary>Readings for the estimate of the expected interval: a few gaps do not affect the median of fifty intervals.</summary>
    public const int LearnedFrom = 51;

    /// <summary>Fewer readings give no estimate.</summary>
    internal const int MinLearnedFrom = 3;

    private const int AllowedIntervals = 3;
    private const int StaleAfterAllowed = 4;

    // Of a node whose interval is unknown, and for a clock that is behind: readings may be delayed on the way.
    private const int DefaultAllowedSeconds = 300;

    // Gateways send the readings of quick nodes together.
    private const int MinAllowedSeconds = 30;

    // Nothing but a wrong clock makes a measured time later than the received time.
    private const int MaxAheadSeconds = 120;

    /// <summary>Where in <see cref="Reason"/> the duration of <see cref="ReceivedSeconds"/> is, which goes on counting while a page is open.</summary>
    public Range? ReasonDuration { get; private init; }

    /// <summary>When the status changes unless a reading arrives, Unix seconds; null when it stays.</summary>
    public long? ChangesAt { get; private init; }

    /// <summary>Whether the node sends, whatever its clock says.</summary>
    public bool IsOnline => Status is NodeStatus.Live or NodeStatus.ClockAhead or NodeStatus.ClockBehind;

    /// <param name="node">The node.</param>
    /// <param name="interval">Expected interval in seconds, configured or estimated; null when unknown.</param>
    /// <param name="now">Unix seconds.</param>
    public static Liveness Evaluate(Node node, int? interval, long now)
    {
        var status = StatusOf(node, interval, now);
        if (status == NodeStatus.Never) return new(status, "never", "no reading yet", null, null, null, interval);

        var (silent, received, skew) = (Math.Max(0, now - node.LastSeenAt), ReceivedAgo(node, now), SkewOf(node));
        var text = status switch
        {
            NodeStatus.ClockAhead => $"clock {FormatSkew(-skew)} ahead",
            NodeStatus.ClockBehind => $"clock {FormatSkew(skew)} behind",
            _ => status.ToString().ToLowerInvariant(),
        };
        var expected = interval is { } known ? $"expected every {FormatDuration(known)}" : "expected interval unknown";
        var (before, duration, after) = status is NodeStatus.Late or NodeStatus.Stale
            ? ("no reading for ", FormatDuration(received), $", {expected}") : ("last reading ", FormatDuration(received), $" ago, {expected}");
        return new(status, text, before + duration + after, silent, received, skew, interval)
        {
            ReasonDuration = before.Length..(before.Length + duration.Length),
            ChangesAt = status switch
            {
                NodeStatus.Stale => null,
                NodeStatus.Late => node.LastReceivedAt + (StaleAfterAllowed * AllowedSeconds(interval)) + 1,
                _ => node.LastReceivedAt + AllowedSeconds(interval) + 1,
            },
        };
    }

    /// <summary>The status of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="interval">The expected interval in seconds; null when unknown.</param>
    /// <param name="now">Unix seconds.</param>
    internal static NodeStatus StatusOf(Node node, int? interval, long now)
    {
        if (node.TotalReadings == 0) return NodeStatus.Never;
        var (silent, allowed) = (ReceivedAgo(node, now), AllowedSeconds(interval));
        if (silent > allowed) return silent <= StaleAfterAllowed * allowed ? NodeStatus.Late : NodeStatus.Stale;
        if (SkewOf(node) < -MaxAheadSeconds) return NodeStatus.ClockAhead;
        // Backlog beside current readings is no wrong clock.
        var delay = Math.Max(DefaultAllowedSeconds, allowed);
        return SkewOf(node) > delay && now - node.LastSeenAt > delay ? NodeStatus.ClockBehind : NodeStatus.Live;
    }

    /// <summary>Whether the status depends on the expected interval.</summary>
    internal static bool DependsOnInterval(Node node, long now)
        => ReceivedAgo(node, now) is var silent && silent <= (long)StaleAfterAllowed * AllowedIntervals * NodeMetadata.MaxExpectedIntervalSeconds
            && (silent > MinAllowedSeconds || SkewOf(node) > DefaultAllowedSeconds);

    /// <summary>Whether the last received reading is the current one, although another was measured later: that one has a wrong time, or is old.</summary>
    /// <param name="node">The node.</param>
    /// <param name="measuredAt">Measured time of its latest measured reading, Unix seconds.</param>
    /// <param name="receivedAt">When that reading was received.</param>
    /// <param name="interval">The expected interval in seconds; null when unknown.</param>
    internal static bool IsSuperseded(Node node, long measuredAt, long receivedAt, int? interval)
        => measuredAt != node.LastReceivedTimestamp
            && (measuredAt - receivedAt > MaxAheadSeconds || node.LastReceivedAt - receivedAt > AllowedSeconds(interval));

    private static long AllowedSeconds(int? interval) => interval is { } known ? Math.Max(MinAllowedSeconds, AllowedIntervals * (long)known) : DefaultAllowedSeconds;

    private static long ReceivedAgo(Node node, long now) => Math.Max(0, now - node.LastReceivedAt);

    private static long SkewOf(Node node) => node.LastReceivedAt - node.LastReceivedTimestamp;

    // Radio delay makes 20 h one second less, and a wrong time zone is whole hours.
    private static string FormatSkew(long seconds)
    {
        if (seconds < 600) return FormatDuration(seconds);
        var minutes = (seconds + 30) / 60;
        return minutes is >= 60 and < 120 ? $"1 h{(minutes > 60 ? $" {minutes - 60} min" : "")}" : FormatDuration(minutes * 60);
    }

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
