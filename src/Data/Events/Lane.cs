using System.Diagnostics.CodeAnalysis;

namespace SensorDash.Data.Events;

/// <summary>The five types of events. The numbers define the order of events of one instant and are stored in the event index.</summary>
public enum Lane
{
    Metadata = 0,
    Command = 1,
    Ui = 2,
    Parsed = 3,
    Raw = 4,
}

/// <summary>The names of the lanes in the API.</summary>
public static class Lanes
{
    private static readonly string[] _names = ["metadata", "command", "ui", "parsed", "raw"];

    /// <summary>All lanes in the order of one instant.</summary>
    public static IReadOnlyList<Lane> All { get; } = [Lane.Metadata, Lane.Command, Lane.Ui, Lane.Parsed, Lane.Raw];

    /// <summary>The name in the API.</summary>
    public static string Name(this Lane lane) => _names[(int)lane];

    /// <summary>Whether the content is JSON; the content of raw events is the bytes of a frame.</summary>
    public static bool HoldsJson(this Lane lane) => lane != Lane.Raw;

    /// <summary>The lane of a name in the API; false for any other text.</summary>
    public static bool TryParse([NotNullWhen(true)] string? name, out Lane lane)
    {
        var index = Array.IndexOf(_names, name);
        lane = index < 0 ? default : (Lane)index;
        return index >= 0;
    }
}
