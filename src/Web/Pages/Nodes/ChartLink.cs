using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>Links a quality finding or a gap to its time in the charts.</summary>
internal static class ChartLink
{
    // Enough to compare with the readings around it.
    private const long MinMargin = 1_800;
    private const int MarginReadings = 30;

    /// <summary>The node's page, with a time range in the middle of its charts.</summary>
    /// <param name="here">The node's page.</param>
    /// <param name="from">Unix seconds.</param>
    /// <param name="to">Unix seconds, not before <paramref name="from"/>.</param>
    /// <param name="intervalSeconds">Expected interval of the node; null when unknown.</param>
    public static string Of(PageUrl here, long from, long to, int? intervalSeconds)
    {
        var margin = Math.Max(Math.Max(MinMargin, MarginReadings * (long)(intervalSeconds ?? 0)), (to - from) / 2);
        return here.With(("range", null), ("base", null), ("page", null), ("view", null),
            ("from", ClockText.Utc(from - margin)), ("to", ClockText.Utc(to + margin))) + "#charts";
    }
}
