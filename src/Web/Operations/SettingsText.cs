using System.Collections;
using System.Globalization;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations;

/// <summary>The settings that differ from their defaults, as one line for people, which can be compared with that of another start. No setting is a secret.</summary>
internal static class SettingsText
{
    /// <summary>The line when all settings are the defaults.</summary>
    public const string Defaults = "default settings";

    private const string Separator = "; ";
    private const string DefaultValue = "default";

    private static readonly (string Section, object Defaults)[] _sections =
    [
        (DatabaseOptions.SectionName, new DatabaseOptions()), (SqliteOptions.SectionName, new SqliteOptions()), (TimescaleOptions.SectionName, new TimescaleOptions()),
        (ReadingsOptions.SectionName, new ReadingsOptions()), (IngestOptions.SectionName, new IngestOptions()), (EventOptions.SectionName, new EventOptions()),
        (AnalyticsOptions.SectionName, new AnalyticsOptions()), (RetentionOptions.SectionName, new RetentionOptions()), (AuditOptions.SectionName, new AuditOptions()),
        (SecurityOptions.SectionName, new SecurityOptions()), (ScrubOptions.SectionName, new ScrubOptions()), (TransferSettings.SectionName, new TransferSettings()),
    ];

    /// <summary>Such as <c>Ingest:BatchSize=500; Retention:Readings:Default=90</c>.</summary>
    public static string Of(IConfiguration configuration)
    {
        var changed = _sections.SelectMany(s => Changed(configuration, s.Section, s.Defaults)).Prepend(Changed(configuration, "AllowedHosts", "")).OfType<string>().Order(StringComparer.Ordinal);
        return string.Join(Separator, changed) is { Length: > 0 } text ? text : Defaults;
    }

    /// <summary>What differs between two such lines, such as <c>Ingest:BatchSize: default → 500</c>.</summary>
    public static IReadOnlyList<(string Name, string Text)> Compare(string before, string after)
    {
        var (was, now) = (Parse(before), Parse(after));
        return [.. was.Keys.Union(now.Keys).Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Before: was.GetValueOrDefault(name, DefaultValue), After: now.GetValueOrDefault(name, DefaultValue)))
            .Where(s => s.Before != s.After).Select(s => (s.Name, $"{s.Name}: {s.Before} → {s.After}"))];
    }

    private static Dictionary<string, string> Parse(string text)
        => text.Split(Separator).Select(s => s.Split('=', 2)).Where(s => s.Length == 2).DistinctBy(s => s[0]).ToDictionary(s => s[0], s => s[1]);

    private static IEnumerable<string?> Changed(IConfiguration configuration, string path, object defaults)
    {
        foreach (var property in defaults.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0))
        {
            var (key, value) = ($"{path}:{property.Name}", property.GetValue(defaults));
            if (value is IDictionary) // Any keys, and no defaults.
                foreach (var entry in configuration.GetSection(key).GetChildren()) yield return Changed(configuration, entry.Path, "");
            else if (value is not (null or string) && value.GetType().IsClass)
                foreach (var inside in Changed(configuration, key, value)) yield return inside;
            else
                yield return Changed(configuration, key, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }
    }

    private static string? Changed(IConfiguration configuration, string key, string defaultValue)
        => configuration[key] is { } value && !value.Equals(defaultValue, StringComparison.OrdinalIgnoreCase) ? $"{key}={value.Replace(';', ',')}" : null;
}
