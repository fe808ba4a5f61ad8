using System.ComponentModel;
using Microsoft.Extensions.Options;

namespace SensorDash.Web.Operations;

/// <summary>Looks at every setting of ours before anything starts, so that one message names all that is wrong.</summary>
internal static class SettingsValidator
{
    /// <summary>Faults of one section: keys that are no setting, values of the wrong kind, values the validator refuses.</summary>
    /// <param name="sectionsInside">Sections in it that have options, and a call, of their own.</param>
    public static IEnumerable<string> Errors<TOptions>(
        IConfiguration configuration, string sectionName, IValidateOptions<TOptions>? validator = null, params string[] sectionsInside)
        where TOptions : class, new()
    {
        var section = configuration.GetSection(sectionName);
        var faults = KeyErrors(section, typeof(TOptions), sectionsInside).ToList();
        if (faults.Count > 0 || validator is null) return faults;
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
                yield return $"{child.Path} is no setting; there are {string.Join(", ", settings.Keys.Concat(sectionsInside.Select(ConfigurationPath.GetSectionKey)))}.";
                continue;
            }
            var kind = setting.PropertyType;
            if (kind.IsClass && kind != typeof(string))
            {
                foreach (var fault in KeyErrors(child, kind)) yield return fault;
            }
            else if (!TypeDescriptor.GetConverter(kind).IsValid(child.Value ?? ""))
            {
                yield return $"{child.Path} must be {Words(kind)}, not '{child.Value}'.";
            }
        }
    }

    private static string Words(Type kind) => kind switch
    {
        { IsEnum: true } => string.Join(", ", Enum.GetNames(kind)),
        _ when kind == typeof(bool) => "true or false",
        _ when kind == typeof(int) => "a whole number",
        _ when kind == typeof(TimeSpan) => "a time such as 00:00:05",
        _ => kind.Name,
    };
}
