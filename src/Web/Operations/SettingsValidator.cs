using System.ComponentModel;
using Microsoft.Extensions.Options;

namespace SensorDash.Web.Operations;

/// <summary>Validates all SensorDash settings at startup, so that one message names all errors.</summary>
internal static class SettingsValidator
{
    /// <summary>Errors of one section: unknown keys, values of the wrong type, and values that the validator rejects.</summary>
    /// <param name="sectionsInside">Sections in it that have their own options and their own call.</param>
    public static IEnumerable<string> Errors<TOptions>(
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
        var settings = type.GetProperties().ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (sectionsInside.Contains(child.Path, StringComparer.OrdinalIgnoreCase)) continue;
            if (!settings.TryGetValue(child.Key, out var setting))
            {
                yield return $"{child.Path} is not a setting; allowed: {string.Join(", ", settings.Keys.Concat(sectionsInside.Select(ConfigurationPath.GetSectionKey)))}.";
                continue;
            }
            var kind = setting.PropertyType;
            if (kind.IsClass && kind != typeof(string))
            {
                foreach (var error in KeyErrors(child, kind)) yield return error;
            }
            else if (!TypeDescriptor.GetConverter(kind).IsValid(child.Value ?? ""))
            {
                yield return $"{child.Path} must be {TypeText(kind)}, not '{child.Value}'.";
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
