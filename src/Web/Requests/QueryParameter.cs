using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using NodaTime;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Requests;

/// <summary>A query parameter. The same definition reads, validates and documents it.</summary>
/// <param name="Name">Name in the URL.</param>
/// <param name="Type">JSON schema type.</param>
/// <param name="Description">Meaning, unit, range and default.</param>
/// <param name="Example">A valid value.</param>
internal abstract record QueryParameter(string Name, string Type, string Description, string Example)
{
    /// <summary>Whether a name in a URL is this parameter. Case counts.</summary>
    public virtual bool Accepts(string name) => name == Name;
}

/// <summary>Reads the parameters of one request and collects all errors, so that the response names them together.</summary>
/// <param name="query">Values by name. The framework's own collection would merge names that differ only in case.</param>
internal sealed class QueryReader(IReadOnlyDictionary<string, StringValues> query)
{
    private readonly Dictionary<string, string[]> _errors = [];

    public QueryReader(HttpRequest request)
        : this(Parse(request.QueryString.Value))
    {
    }

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    public bool HasErrors => _errors.Count > 0;

    public void Error(string name, string error) => _errors.TryAdd(name, [error]);

    /// <summary>Names as in the URL.</summary>
    public IEnumerable<string> Names => query.Keys;

    /// <summary>Names that start with <paramref name="prefix"/>.</summary>
    public IEnumerable<string> NamesFrom(string prefix) => query.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The parts of a comma-separated list; empty when absent.</summary>
    public string[] List(string name) => Text(name)?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The text of a parameter; null when absent or empty, or with an error when given more than once.</summary>
    public string? Text(string name)
    {
        var values = query.GetValueOrDefault(name);
        if (values.Count > 1) Error(name, $"must be given once, not {values.Count} times");
        return values.Count == 1 && !string.IsNullOrEmpty(values[0]) ? values[0] : null;
    }

    private static Dictionary<string, StringValues> Parse(string? text)
    {
        var query = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(text))
        {
            var name = pair.DecodeName().ToString();
            query[name] = StringValues.Concat(query.GetValueOrDefault(name), pair.DecodeValue().ToString());
        }
        return query;
    }
}

/// <summary>An instant: RFC 3339 with an offset, or integer Unix microseconds.</summary>
internal sealed record TimeParameter(string Name, string Description)
    : QueryParameter(Name, "string", Description + " RFC 3339 with an offset, or integer Unix microseconds.", "2026-01-26T10:00:00Z")
{
    // The range of RFC 3339: the years 1 to 9999.
    private const long Min = -62_135_596_800_000_000;
    private const long Max = 253_402_300_799_999_999;

    /// <returns>Unix microseconds; null when absent or invalid.</returns>
    public long? Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return null;
        if (EventTime.TryParse(text, out var time)) return time;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out time) && time is >= Min and <= Max) return time;
        // In a URL, a plus sign means a space: a common error with +02:00.
        var hint = text.Contains(' ', StringComparison.Ordinal) ? "; write + as %2B" : "";
        reader.Error(Name, $"must be RFC 3339 with an offset, such as 2026-01-26T10:00:00Z, or integer Unix microseconds, not '{OutsideText.Shown(text)}'{hint}");
        return null;
    }
}

/// <summary>An integer with bounds.</summary>
internal sealed record WholeParameter(string Name, long Min, long Max, string Description, string Example, long? Default = null)
    : QueryParameter(Name, "integer", Description, Example)
{
    /// <returns>The value, or the default when absent or invalid.</returns>
    public long? Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return Default;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= Min && value <= Max)
            return value;
        reader.Error(Name, $"must be an integer from {Min} to {Max}, not '{OutsideText.Shown(text)}'");
        return Default;
    }
}

/// <summary>One of several fixed values.</summary>
internal sealed record ChoiceParameter<T>(string Name, string Description, params (string Text, T Value)[] Choices)
    : QueryParameter(Name, "string", $"{Description}: {string.Join(", ", Choices.Select(c => c.Text))}. Default {Choices[0].Text}.", Choices[0].Text)
{
    public T Read(QueryReader reader) => Read(reader, Choices[0].Value);

    /// <param name="reader">The query.</param>
    /// <param name="absent">The value of a request without it, where settings choose another default.</param>
    public T Read(QueryReader reader, T absent)
    {
        if (reader.Text(Name) is not { } text) return absent;
        foreach (var (choice, value) in Choices)
            if (choice == text) return value;
        reader.Error(Name, $"must be one of {string.Join(", ", Choices.Select(c => c.Text))}, not '{OutsideText.Shown(text)}'");
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
                reader.Error(Name, $"must be 1 or 0, not '{OutsideText.Shown(text)}'");
                return false;
        }
    }
}

/// <summary>An IANA time zone.</summary>
internal sealed record ZoneParameter(string Name, string Description) : QueryParameter(Name, "string", Description, "Europe/Paris")
{
    public DateTimeZone Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return DateTimeZone.Utc;
        if (DateTimeZoneProviders.Tzdb.GetZoneOrNull(text) is { } zone) return zone;
        reader.Error(Name, $"must be an IANA time zone, such as Europe/Paris, not '{OutsideText.Shown(text)}'");
        return DateTimeZone.Utc;
    }
}

/// <summary>Free text or a list; its reader validates it.</summary>
internal sealed record TextParameter(string Name, string Description, string Example) : QueryParameter(Name, "string", Description, Example);

/// <summary>The position in a list of nodes by address.</summary>
internal sealed record NodeCursorParameter() : QueryParameter("cursor", "string", "Continue after an earlier page: its `next`.", "MTI")
{
    /// <returns>The last address of the earlier page; 0 when absent or invalid.</returns>
    public int Read(QueryReader reader)
    {
        if (reader.Text(Name) is not { } text) return 0;
        if (Base64Url.IsValid(text) && int.TryParse(Base64Url.DecodeFromChars(text), NumberStyles.None, CultureInfo.InvariantCulture, out var address)) return address;
        reader.Error(Name, "is not a valid cursor; pass `next` unchanged");
        return 0;
    }

    /// <summary>The cursor after a page, null at the end, from a list with one more than the page if there are more.</summary>
    public static string? Next<T>(IReadOnlyList<T> list, int limit, Func<T, int> address)
        => list.Count <= limit ? null : Base64Url.EncodeToString(Encoding.ASCII.GetBytes(address(list[limit - 1]).ToString(CultureInfo.InvariantCulture)));
}

/// <summary>Parameters with a common beginning: <c>payload.speed</c>.</summary>
internal sealed record PrefixParameter(string Prefix, string Rest, string Description, string Example) : QueryParameter(Prefix + Rest, "string", Description, Example)
{
    /// <inheritdoc/>
    public override bool Accepts(string name) => name.Length > Prefix.Length && name.StartsWith(Prefix, StringComparison.Ordinal);
}
