using System.Text.RegularExpressions;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;
using EventId = SensorDash.Data.Events.EventId;

namespace SensorDash.Web.Pages.Events;

/// <summary>What was typed into the search box: it becomes parameters of the URL, so that a search is a link like any other.</summary>
/// <param name="Text">As typed.</param>
/// <param name="Target">Where it leads; null with errors.</param>
/// <param name="Errors">What cannot be understood.</param>
internal sealed partial record EventSearch(string Text, PageUrl? Target, IReadOnlyList<string> Errors)
{
    public const string Parameter = "search";

    private const string PayloadPrefix = EventSelection.PayloadPrefix;

    private static readonly string[] _fields = [.. EventFields.All.Select(f => f.Name())];

    /// <summary>Null without a search.</summary>
    public static EventSearch? Read(HttpRequest request)
    {
        if (request.Query[Parameter].ToString().Trim() is not { Length: > 0 } text) return null;
        var target = new PageUrl(request).With((Parameter, null), ("page", null));
        if (EventId.TryParse(text, out _)) return new(text, target.Path(FormattableString.Invariant($"{request.PathBase}/events/{text}")), []);
        var errors = new List<string>();
        foreach (Match term in Term().Matches(text))
        {
            var (name, value) = (term.Groups["name"].Value, term.Groups["quoted"].Success ? term.Groups["quoted"].Value : term.Groups["value"].Value);
            if (!term.Groups["name"].Success || value.Length == 0)
                errors.Add($"“{term.Value}” must be field:value, such as streamId:weather, path=value for content, such as wind.speed=3, or an event ID");
            else if (name.StartsWith(PayloadPrefix, StringComparison.OrdinalIgnoreCase) && name.Length > PayloadPrefix.Length) target = target.With((PayloadPrefix + name[PayloadPrefix.Length..], value));
            else if (name.Equals("lane", StringComparison.OrdinalIgnoreCase) || name.Equals("lanes", StringComparison.OrdinalIgnoreCase)) target = Added(target, "lanes", value.ToLowerInvariant());
            else if (name.Equals("scope", StringComparison.OrdinalIgnoreCase)) target = Added(target, "scope", value);
            else if (_fields.FirstOrDefault(f => f.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } field) target = target.With((field, value));
            else if (term.Groups["sign"].Value == "=") target = target.With((PayloadPrefix + name, value));
            else errors.Add($"“{name}” {UnknownParameters.Describe(name, _suggested).Replace("parameter here", "field", StringComparison.Ordinal)}; content is searched by {PayloadPrefix}path=value");
        }
        return new(text, errors.Count == 0 ? target : null, errors);
    }

    private static readonly QueryParameter[] _suggested = [.. _fields.Append("lane").Append("scope").Select(name => new TextParameter(name, "", ""))];

    // A list: several lanes, several scopes.
    private static PageUrl Added(PageUrl url, string name, string value)
    {
        var all = url.Query.Where(q => q.Key == name).SelectMany(q => q.Value.Split(',')).Concat(value.Split(',')).Distinct();
        return url.With((name, string.Join(',', all)));
    }

    [GeneratedRegex("""(?:(?<name>[^\s:="]+)(?<sign>[:=])(?:"(?<quoted>[^"]*)"|(?<value>[^\s]*)))|[^\s]+""", RegexOptions.CultureInvariant)]
    private static partial Regex Term();
}
