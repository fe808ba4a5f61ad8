using SensorDash.Data.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>Where dual-write stands.</summary>
internal enum DualWriteState
{
    /// <summary>There is no secondary.</summary>
    Off,

    /// <summary>It is paused by a user; the secondary falls behind.</summary>
    Paused,

    /// <summary>It begins, or the history is being copied.</summary>
    Copying,

    /// <summary>Committed batches are applied to the secondary.</summary>
    Following,

    /// <summary>The secondary cannot be reached; it falls behind until it can.</summary>
    Unavailable,

    /// <summary>It cannot go on without an administrator.</summary>
    Failed,
}

/// <summary>The state of dual-write.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Secondary">Address of the second store; null without one.</param>
/// <param name="Message">Why it does not go on, as text for administrators; null when it does.</param>
internal sealed record DualWriteStatus(DualWriteState State, string? Secondary, string? Message)
{
    public static DualWriteStatus Off { get; } = new(DualWriteState.Off, null, null);

    /// <summary>Rows that are copied, and those to copy.</summary>
    public (long Rows, long Total) Copied { get; init; }

    /// <summary>Rows that the secondary is behind.</summary>
    public long LagRows { get; init; }

    /// <summary>Commit time of the oldest of these rows, Unix microseconds; null without any.</summary>
    public long? LagSince { get; init; }

    /// <summary>The transfer in the ledger of the secondary; null before it begins.</summary>
    public long? Transfer { get; init; }

    /// <summary>Reads of clients that were compared, and those that differed.</summary>
    public (long Count, long Mismatches) ShadowReads { get; init; }

    public ComparisonStatus Comparison { get; init; } = new(0, 0, 0, null);

    /// <summary>When both stores were last found equal, Unix microseconds; null: not yet, or they differ.</summary>
    public long? VerifiedAt { get; init; }

    public double LagSeconds(TimeProvider clock) => LagSince is { } since ? Math.Max(0, (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - (since / 1e6)) : 0;
}
