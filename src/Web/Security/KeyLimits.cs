using System.Globalization;
using SensorDash.Data.Access;

namespace SensorDash.Web.Security;

/// <summary>The name, scopes and limits of a key, as people write them.</summary>
internal static class KeyLimits
{
    private const int MaxScopeLength = 64, MaxRanges = 100;

    /// <summary>Why a name cannot be used; null if it can.</summary>
    public static string? NameError(string name) => name switch
    {
        "" => "is required",
        { Length: > ApiKey.NameLength } => $"must have at most {ApiKey.NameLength} characters",
        _ when name.Any(char.IsControl) => "must not have control characters",
        _ => null,
    };

    /// <summary>Reads scopes by their names.</summary>
    /// <returns>False if one is unknown.</returns>
    public static bool TryParseScopes(IEnumerable<string> names, out KeyScopes scopes)
    {
        scopes = KeyScopes.None;
        foreach (var name in names)
        {
            switch (name)
            {
                case "ingest":
                    scopes |= KeyScopes.Ingest;
                    break;
                case "read":
                    scopes |= KeyScopes.Read;
                    break;
                case "admin":
                    scopes |= KeyScopes.Admin;
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    /// <summary>Why a text is no list of node addresses; null if it is one, or empty.</summary>
    public static string? NodesError(string text) => text.Length == 0 || ParseNodes(text) is not null ? null : "must be addresses or ranges such as 1-20,35";

    /// <summary>Why a text is no list of event scopes; null if it is one, or empty.</summary>
    public static string? EventScopesError(string text)
        => text.Length == 0 || Split(text).All(scope => scope.Length is > 0 and <= MaxScopeLength && scope.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            ? null : "must be event scopes such as core,lab: letters, digits, dots, underscores or hyphens";

    /// <summary>A valid list as it is stored; null for an empty one.</summary>
    public static string? NormalizeNodes(string text)
        => text.Length == 0 ? null : string.Join(',', ParseNodes(text)!.Select(r => r.First == r.Last ? Text(r.First) : $"{Text(r.First)}-{Text(r.Last)}"));

    /// <inheritdoc cref="NormalizeNodes"/>
    public static string? NormalizeEventScopes(string text) => text.Length == 0 ? null : string.Join('\n', Split(text).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The ranges of a list of node addresses; null if it is none.</summary>
    public static IReadOnlyList<(int First, int Last)>? ParseNodes(string text)
    {
        var ranges = new List<(int, int)>();
        foreach (var part in Split(text))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || ranges.Count == MaxRanges || !TryParse(ends[0], out var first) || !TryParse(ends[^1], out var last) || last < first) return null;
            ranges.Add((first, last));
        }
        return ranges;
    }

    /// <summary>The limits of a key, for people; empty if it has none.</summary>
    public static string Describe(string? nodes, string? eventScopes) => string.Join("; ", new[]
    {
        nodes is null ? null : $"nodes {nodes.Replace(",", ", ", StringComparison.Ordinal)}",
        eventScopes is null ? null : $"event scopes {eventScopes.Replace("\n", ", ", StringComparison.Ordinal)}",
    }.OfType<string>());

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.TrimEntries);

    private static bool TryParse(string text, out int address) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out address) && address > 0;

    private static string Text(int address) => address.ToString(CultureInfo.InvariantCulture);
}
