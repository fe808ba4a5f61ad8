using System.Globalization;
using SensorDash.Data.Nodes;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>The form of a node, as typed.</summary>
internal sealed class NodeForm
{
    public string? Name { get; set; }

    public string? Location { get; set; }

    public string? Notes { get; set; }

    public string? ZoneId { get; set; }

    public string? ExpectedInterval { get; set; }

    public static NodeForm Of(NodeMetadata? metadata) => new()
    {
        Name = metadata?.Name,
        Location = metadata?.Location,
        Notes = metadata?.Notes,
        ZoneId = metadata?.ZoneId?.ToString(CultureInfo.InvariantCulture),
        ExpectedInterval = metadata?.ExpectedIntervalS?.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Sets all fields; an empty one is cleared.</summary>
    public NodeMetadataPatch ToPatch()
    {
        var patch = new NodeMetadataPatch();
        patch.SetName(Name);
        patch.SetLocation(Location);
        patch.SetNotes(Notes?.ReplaceLineEndings("\n"));
        if (string.IsNullOrWhiteSpace(ZoneId)) patch.SetZone(null);
        else if (int.TryParse(ZoneId, NumberStyles.None, CultureInfo.InvariantCulture, out var zone)) patch.SetZone(zone);
        else patch.Error("zone_id", $"must be the id of a zone, not “{ZoneId}”");
        if (string.IsNullOrWhiteSpace(ExpectedInterval)) patch.SetExpectedInterval(null);
        else if (long.TryParse(ExpectedInterval, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            patch.SetExpectedInterval(seconds);
        else patch.Error("expected_interval_s", $"must be an integer, in seconds, not “{ExpectedInterval}”");
        return patch;
    }
}
