using System.Globalization;
using NodaTime;
using SensorDash.Data.Events;

namespace SensorDash.Web.Requests;

/// <summary>One query parameter: read, checked and documented from the same definition.</summary>
/// <param name="Name">On the wire.</param>
/// <param name="Type">JSON schema type.</param>
/// <param name="Description">Meaning, unit, range, default.</param>
/// <param name="Example">A value that works.</param>
internal abstract record QueryParameter(string Name, string Type, string Description, string Example);

/// <summary>Reads parameters of one request and collects every fault, so that the answer names all of them at once.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    private readonly Dictionary<string, string[]> _errors = [];

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    public bool HasErrors => _errors.Count > 0;

    public void Error(string name, string error) => _errors.TryAdd(name, [error]);

    /// <summary>Names as they are in the address.</summary>
    public IEnumerable<string> Names => query.Keys;

    /// <summary>Names that begin with <paramref name="prefix"/>.</summary>
    public IEnumerable<string> NamesFrom(string prefix) => query.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The parts of a list that is separated by commas; empty when absent.</summary>
    public string[] List(string name) => Text(name)?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The text of a parameter; null when absent or empty, or when it is given twice, which is a fault.</summary>
    public string? Text(string name)
    {
        var values = query[name];
        if (values.Count > 1) Error(name, "is given more than once");
        return values.Count == 1 && !string.IsNullOrEmpty(values[0]) ? values[0] : null;
    }
}

/// <summary>An instant: RFC 3339 with a zone, or whole Unix microseconds.</summary>
internal sealed record TimeParameter(string Name, string Description)
    : QueryParameter(Name, "string", Description + " RFC 3339 with a zone, or whole Unix microseconds.", "2026-01-26T10:00:00Z")
{
    // As RFC 3339 reaches: the years 1 to 9999.
    private const long Least = -62_135_596_800_000_000;
    private const long Most = 253_402_300_799_999_999;

    /// <returns>Unix microseconds; null when absent or after a fault.</returns>
    public long? Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return null;
        if (EventTime.TryParse(text, out var time)) return time;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out time) && time is >= Least and <= Most) return time;
        // A plus sign in an address means a space: the one mistake that everybody makes with +02:00.
        var hint = text.Contains(' ', StringComparison.Ordinal) ? "; write + as %2B" : "";
        reader.Error(Name, $"must be RFC 3339 with a zone, such as 2026-01-26T10:00:00Z, or whole Unix microseconds, not '{text}'{hint}");
        return null;
    }
}

/// <summary>A whole number with bounds.</summary>
internal sealed record WholeParameter(string Name, long Min, long Max, string Description, string Example, long? Default = null)
    : QueryParameter(Name, "integer", Description, Example)
{
    /// <returns>The value, the default when absent, or the default after a fault.</returns>
    public long? Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return Default;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= Min && value <= Max)
            return value;
        reader.Error(Name, $"must be a whole number of {Min} to {Max}, not '{text}'");
        return Default;
    }
}

/// <summary>One of a few words.</summary>
internal sealed record ChoiceParameter<T>(string Name, string Description, params (string Word, T Value)[] Choices)
    : QueryParameter(Name, "string", $"{Description}: {string.Join(", ", Choices.Select(c => c.Word))}. Default {Choices[0].Word}.", Choices[0].Word)
{
    public T Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return Choices[0].Value;
        foreach (var (word, value) in Choices)
            if (word == text) return value;
        reader.Error(Name, $"must be {string.Join(", ", Choices.Select(c => c.Word))}, not '{text}'");
        return Choices[0].Value;
    }
}

/// <summary>A switch: 1, true, 0 or false.</summary>
internal sealed record SwitchParameter(string Name, string Description) : QueryParameter(Name, "string", $"{Description} 1 or 0, default 0.", "1")
{
    public bool Read(QueryReader reader)
    {
        switch (reader.Text(Name))
        {
            case null or "0" or "false": return false;
            case "1" or "true": return true;
            case var text:
                reader.Error(Name, $"must be 1 or 0, not '{text}'");
                return false;
        }
    }
}

/// <summary>A time zone of the IANA database.</summary>
internal sealed record ZoneParameter(string Name, string Description) : QueryParameter(Name, "string", Description, "Europe/Paris")
{
    public DateTimeZone Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return DateTimeZone.Utc;
        if (DateTimeZoneProviders.Tzdb.GetZoneOrNull(text) is { } zone) return zone;
        reader.Error(Name, $"must be an IANA time zone such as Europe/Paris, not '{text}'");
        return DateTimeZone.Utc;
    }
}

/// <summary>Free text or a list, checked by its reader.</summary>
internal sealed record TextParameter(string Name, string Description, string Example) : QueryParameter(Name, "string", Description, Example);
