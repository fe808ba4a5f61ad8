using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>One field of a lane: its names, its getter and its setter. Tables, JSON, files and filters derive from it.</summary>
/// <remarks>A class per kind of value, so that no value is boxed.</remarks>
internal abstract class LaneColumn(string wireName)
{
    /// <summary>The name in JSON, files and parameters.</summary>
    public string WireName { get; } = wireName;

    /// <summary><see cref="WireName"/>, encoded once.</summary>
    public JsonEncodedText JsonName { get; } = JsonEncodedText.Encode(wireName);

    /// <summary>The name in the table.</summary>
    public string Name { get; } = JsonNamingPolicy.SnakeCaseLower.ConvertName(wireName);

    /// <summary>Whether the value is optional.</summary>
    public abstract bool IsOptional { get; }
}

/// <summary>A string of 1 to 256 bytes.</summary>
internal sealed class TextColumn(string wireName, bool isOptional, Func<LaneEvent, string?> get, Action<LaneEvent, string?> set) : LaneColumn(wireName)
{
    public override bool IsOptional => isOptional;

    public string? Get(LaneEvent laneEvent) => get(laneEvent);

    public void Set(LaneEvent laneEvent, string? value) => set(laneEvent, value);
}

/// <summary>A whole number from 0 to 2⁶³−1.</summary>
internal sealed class WholeColumn(string wireName, Func<LaneEvent, long> get, Action<LaneEvent, long> set) : LaneColumn(wireName)
{
    public override bool IsOptional => false;

    public long Get(LaneEvent laneEvent) => get(laneEvent);

    public void Set(LaneEvent laneEvent, long value) => set(laneEvent, value);
}

/// <summary>An optional time: RFC 3339 in the API, Unix microseconds in the table.</summary>
internal sealed class TimeColumn(string wireName, Func<LaneEvent, long?> get, Action<LaneEvent, long?> set) : LaneColumn(wireName)
{
    public override bool IsOptional => true;

    public long? Get(LaneEvent laneEvent) => get(laneEvent);

    public void Set(LaneEvent laneEvent, long? value) => set(laneEvent, value);
}
