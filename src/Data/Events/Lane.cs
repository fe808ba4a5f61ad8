using System.Diagnostics.CodeAnalysis;

namespace SensorDash.Data.Events;

/// <summary>The five kinds of events. The numbers are the order of events of one instant, and what the event index stores.</summary>
public enum Lane
{
    Metadata = 0,
    Command = 1,
    Ui = 2,
    Parsed = 3,
    Raw = 4,
}

/// <summary>The lanes as they are written on the wire.</summary>
public static class Lanes
{
    private static readonly string[] _names = ["metadata", "command", "ui", "parsed", "raw"];

    /// <summary>Every lane, first of an instant first.</summary>
    public static IReadOnlyList<Lane> All { get; } = [Lane.Metadata, Lane.Command, Lane.Ui, Lane.Parsed, Lane.Raw];

    /// <summary>The name on the wire.</summary>
    public static string Name(this Lane lane) => _names[(int)lane];

    /// <summary>Whether the content is JSON; of raw events it is the bytes of a frame.</summary>
    public static bool HoldsJson(this Lane lane) => lane != Lane.Raw;

    /// <summary>The lane of a name on the wire; false for any other text.</summary>
    public static bool TryParse([NotNullWhen(true)] string? name, out Lane lane)
    {
        var index = Array.IndexOf(_names, name);
        lane = index < 0 ? default : (Lane)index;
        return index >= 0;
    }
}
