using System.Globalization;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;

namespace SensorDash.Data.Retention;

/// <summary>How long readings and events are kept, in whole days, bound from <see cref="SectionName"/>. 0 means forever, which is the default of everything.</summary>
public sealed class RetentionOptions
{
    public const string SectionName = "Retention";

    /// <summary>Maximum days.</summary>
    public const int MaxDays = 36_500;

    public ReadingRetentionOptions Readings { get; set; } = new();

    public EventRetentionOptions Events { get; set; } = new();

    // Beside the SQLite file, or where it would be; not a separate setting.
    internal string ClockFile { get; set; } = "";
}

/// <summary>Days after the measured time of a reading. The setting of a node counts before that of its zone, and that before the default.</summary>
public sealed class ReadingRetentionOptions
{
    /// <summary>Days for nodes without another setting, 1 to 36,500; 0 means forever. Default 0.</summary>
    public int Default { get; set; }

    /// <summary>Days by name of a zone; 0 means forever. A zone that does not exist is an error.</summary>
    public Dictionary<string, int> Zones { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Days by address of a node; 0 means forever. A node that does not exist is an error.</summary>
    public Dictionary<string, int> Nodes { get; set; } = [];

    /// <summary>Whether any readings are deleted.</summary>
    public bool IsOn => Default > 0 || Zones.Values.Any(days => days > 0) || Nodes.Values.Any(days => days > 0);
}

/// <summary>Days after an event was received, by lane, 1 to 36,500; 0 means forever. Default 0.</summary>
public sealed class EventRetentionOptions
{
    public int Raw { get; set; }

    public int Parsed { get; set; }

    public int Command { get; set; }

    public int Metadata { get; set; }

    public int Ui { get; set; }

    /// <summary>The days of a lane.</summary>
    public int this[Lane lane] => lane switch
    {
        Lane.Metadata => Metadata,
        Lane.Command => Command,
        Lane.Ui => Ui,
        Lane.Parsed => Parsed,
        _ => Raw,
    };

    /// <summary>Whether any events are deleted.</summary>
    public bool IsOn => Lanes.All.Any(lane => this[lane] > 0);
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        Check("Readings:Default", options.Readings.Default);
        foreach (var (zone, days) in options.Readings.Zones) Check($"Readings:Zones:{zone}", days);
        foreach (var (node, days) in options.Readings.Nodes)
        {
            Check($"Readings:Nodes:{node}", days);
            if (!TryParseAddress(node, out _)) result.AddError($"Retention:Readings:Nodes:{node} must name the address of a node, 1 to {int.MaxValue}.");
        }
        foreach (var lane in Lanes.All) Check($"Events:{char.ToUpperInvariant(lane.Name()[0])}{lane.Name()[1..]}", options.Events[lane]);
        return result.Build();

        void Check(string setting, int days)
        {
            if (days is < 0 or > RetentionOptions.MaxDays) result.AddError($"Retention:{setting} must be 0 to {RetentionOptions.MaxDays} days, not {days}.");
        }
    }

    internal static bool TryParseAddress(string text, out int address)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out address) && address > 0 && text == address.ToString(CultureInfo.InvariantCulture);
}
