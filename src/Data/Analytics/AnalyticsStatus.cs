namespace SensorDash.Data.Analytics;

public enum AnalyticsState
{
    /// <summary>Switched off by a setting: answers come from the store.</summary>
    Off,

    /// <summary>Opening, or following from far behind: answers come from the store until it has caught up.</summary>
    CatchingUp,

    /// <summary>Answers come from DuckDB.</summary>
    Ready,

    /// <summary>The file cannot be used: answers come from the store, slower; everything else works.</summary>
    Failed,
}

/// <summary>How the side path is doing.</summary>
/// <param name="Notice">For people, when it is not ready.</param>
/// <param name="AppliedBatch">The last batch whose rows are in.</param>
/// <param name="LagRows">Rows that the store has and the side path has not.</param>
/// <param name="LagSeconds">Age of the oldest of them.</param>
public sealed record AnalyticsStatus(AnalyticsState State, string? Notice, long AppliedBatch, long LagRows, double LagSeconds);
