using SensorDash.Data.Nodes;

namespace SensorDash.Web.Pages.Display;

/// <summary>Names of node statuses.</summary>
internal static class StatusName
{
    /// <summary>The name in URLs, as in the API.</summary>
    public static string Of(NodeStatus status) => status switch
    {
        NodeStatus.ClockAhead => "clock_ahead",
        NodeStatus.ClockBehind => "clock_behind",
        _ => status.ToString().ToLowerInvariant(),
    };

    /// <summary>The CSS class; one for all wrong clocks.</summary>
    public static string ClassOf(NodeStatus status) => status is NodeStatus.ClockAhead or NodeStatus.ClockBehind ? "clock" : Of(status);
}
