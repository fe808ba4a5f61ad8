using System.Globalization;
using System.Text.Json;

namespace SensorDash.Data.Scrub;

/// <summary>A pass in words.</summary>
public static class ScrubReport
{
    /// <summary>A part of a pass.</summary>
    public static string Name(ScrubPart part) => part switch
    {
        ScrubPart.Files => "files",
        ScrubPart.Readings => "readings",
        ScrubPart.Index => "event index",
        ScrubPart.Events => "events",
        ScrubPart.Requests => "requests",
        _ => "done",
    };

    /// <summary>A kind of finding, for programs.</summary>
    public static string Name(ScrubKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    /// <summary>The result of a pass: what has rotted, what was not checked, and a last line that sums up.</summary>
    public static IEnumerable<string> Lines(ScrubState state)
    {
        foreach (var finding in state.Findings)
        {
            yield return $"{finding.Table}, {finding.Row}: {finding.Problem}.";
            if (finding.Stored is { } stored) yield return $"  stored: {stored}";
            if (finding.Expected is { } expected) yield return $"  {finding.ExpectedName}: {expected}";
            yield return $"  {finding.Advice}";
        }
        if (state.FindingCount > state.Findings.Count) yield return string.Create(CultureInfo.InvariantCulture, $"… and {state.FindingCount - state.Findings.Count:N0} more.");
        foreach (var note in state.Notes) yield return $"Not checked: {note}";
        yield return string.Create(CultureInfo.InvariantCulture, $"Read {state.Rows:N0} rows: {Summary(state)}.");
    }

    /// <summary>What was found, without a full stop.</summary>
    public static string Summary(ScrubState state) => state.FindingCount == 0 ? "nothing has rotted" : state.FindingCount == 1 ? "one thing has rotted"
        : string.Create(CultureInfo.InvariantCulture, $"{state.FindingCount:N0} things have rotted");
}
