using System.Text.RegularExpressions;

namespace SensorDash.Data.Nodes;

/// <summary>A named group of nodes.</summary>
public sealed partial class Zone
{
    public const int NameLength = 100;
    public const int DescriptionLength = 500;
    public const string DefaultColor = "#3B82F6";

    /// <summary>Never reused.</summary>
    public int Id { get; set; }

    public required string Name { get; set; }

    /// <summary><c>#RRGGBB</c>.</summary>
    public string Color { get; set; } = DefaultColor;

    public string? Description { get; set; }

    [GeneratedRegex(@"\A#[0-9A-Fa-f]{6}\z", RegexOptions.CultureInvariant)]
    public static partial Regex ColorPattern();
}
