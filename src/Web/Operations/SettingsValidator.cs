using System.ComponentModel;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.Backup;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Web.Operations.Metrics;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Operations;

/// <summary>Validates all SensorDash settings at startup, so that one message names all errors.</summary>
internal static class SettingsValidator
{
    /// <summary>The sections of SensorDash's settings.</summary>
    public static readonly string[] Sections =
    [
        DatabaseOptions.SectionName, ReadingsOptions.SectionName, IngestOptions.SectionName, EventOptions.SectionName, AnalyticsOptions.SectionName,
        RetentionOptions.SectionName, AuditOptions.SectionName, SecurityOptions.SectionName, BackupOptions.SectionName, ScrubOptions.SectionName, TransferSettings.SectionName, MetricsOptions.SectionName,
    ];

    /// <exception cref="StartupException">Settings are invalid; the message names all errors.</exception>
    public static void ThrowOnErrors(IConfiguration configuration)
    {
        string[] errors = [
            .. Errors(configuration, DatabaseOptions.SectionName, new DatabaseOptionsValidator(), SqliteOptions.SectionName, TimescaleOptions.SectionName),
            .. Errors(configuration, SqliteOptions.SectionName, new SqliteOptionsValidator()),
            .. Errors(configuration, TimescaleOptions.SectionName, new TimescaleOptionsValidator()),
            .. Errors(configuration, ReadingsOptions.SectionName, new ReadingsOptionsValidator()),
            .. Errors(configuration, IngestOptions.SectionName, new IngestOptionsValidator()),
            .. Errors(configuration, EventOptions.SectionName, new EventOptionsValidator()),
            .. Errors(configuration, AnalyticsOptions.SectionName, new AnalyticsOptionsValidator()),
            .. Errors(configuration, RetentionOptions.SectionName, new RetentionOptionsValidator()),
            .. Errors(configuration, AuditOptions.SectionName, new AuditOptionsValidator()),
            .. Errors(configuration, SecurityOptions.SectionName, new SecurityOptionsValidator(), RemovedSettings.NetworkAccess),
            .. Errors(configuration, BackupOptions.SectionName, new BackupOptionsValidator()),
            .. Errors(configuration, ScrubOptions.SectionName, new ScrubOptionsValidator()),
            .. Errors(configuration, TransferSettings.SectionName, new TransferSettingsValidator()),
            .. Errors(configuration, MetricsOptions.SectionName, new MetricsOptionsValidator()),
            .. HostNames.Errors(configuration),
            .. ListenAddresses.Errors(configuration),
            .. LogLevelErrors(configuration.GetSection("Logging"))];
        if (errors.Length > 0) throw new StartupException("invalid settings:\n  " + string.Join("\n  ", errors), null);
    }

    /// <summary>Errors of one section: unknown keys, values of the wrong type, and values that the validator rejects.</summary>
    /// <param name="sectionsInside">Sections in it that have their own options and their own call.</param>
    private static IEnumerable<string> Errors<TOptions>(
        IConfiguration configuration, string sectionName, IValidateOptions<TOptions>? validator = null, params string[] sectionsInside)
        where TOptions : class, new()
    {
        var section = configuration.GetSection(sectionName);
        var errors = KeyErrors(section, typeof(TOptions), sectionsInside).ToList();
        if (errors.Count > 0 || validator is null) return errors;
        return validator.Validate(null, section.Get<TOptions>() ?? new TOptions()).Failures ?? [];
    }

    private static IEnumerable<string> KeyErrors(IConfigurationSection section, Type type, params string[] sectionsInside)
    {
        if (section.Value is { Length: > 0 } scalar)
        {
            yield return $"{section.Path} must be a section of settings, not '{scalar}'.";
            yield break;
        }
        var settings = type.GetProperties().Where(p => p.CanWrite).ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (sectionsInside.Contains(child.Path, StringComparer.OrdinalIgnoreCase)) continue;
            if (!settings.TryGetValue(child.Key, out var setting))
            {
                yield return $"{child.Path} is not a setting; allowed: {string.Join(", ", settings.Keys.Concat(sectionsInside.Select(ConfigurationPath.GetSectionKey)))}.";
                continue;
            }
            var kind = setting.PropertyType;
            if (kind == typeof(Dictionary<string, int>))
            {
                foreach (var error in EntryErrors(child)) yield return error;
            }
            else if (kind.IsClass && kind != typeof(string))
            {
                foreach (var error in KeyErrors(child, kind)) yield return error;
            }
            else if (child.GetChildren().FirstOrDefault() is { } inside)
            {
                yield return $"{inside.Path} is not a setting: {child.Path} has one value.";
            }
            else if (!TypeDescriptor.GetConverter(kind).IsValid(child.Value ?? ""))
            {
                yield return $"{child.Path} must be {TypeText(kind)}, not '{child.Value}'.";
            }
        }
    }

    // A section with any keys.
    private static IEnumerable<string> EntryErrors(IConfigurationSection section)
    {
        if (section.Value is { Length: > 0 } scalar) yield return $"{section.Path} must be a section of settings, not '{scalar}'.";
        foreach (var entry in section.GetChildren())
        {
            if (entry.GetChildren().FirstOrDefault() is { } inside) yield return $"{inside.Path} is not a setting: {entry.Path} has one value.";
            else if (!TypeDescriptor.GetConverter(typeof(int)).IsValid(entry.Value ?? "")) yield return $"{entry.Path} must be {TypeText(typeof(int))}, not '{entry.Value}'.";
        }
    }

    private static IEnumerable<string> LogLevelErrors(IConfigurationSection section)
    {
        foreach (var child in section.GetChildren())
        {
            if (child.Key.Equals("LogLevel", StringComparison.OrdinalIgnoreCase))
            {
                if (child.Value is { Length: > 0 } scalar) yield return $"{child.Path} must be a section of log levels, not '{scalar}'.";
                foreach (var level in child.GetChildren().Where(level => !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out var known) || !Enum.IsDefined(known)))
                    yield return $"{level.Path} must be {TypeText(typeof(LogLevel))}, not '{level.Value}'.";
            }
            else
            {
                foreach (var error in LogLevelErrors(child)) yield return error;
            }
        }
    }

    private static string TypeText(Type kind) => kind switch
    {
        { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(kind)),
        _ when kind == typeof(bool) => "true or false",
        _ when kind == typeof(int) => "an integer",
        _ when kind == typeof(TimeSpan) => "a duration such as 00:00:05",
        _ => kind.Name,
    };
}
