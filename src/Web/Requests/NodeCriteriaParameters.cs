using SensorDash.Data.Nodes;

namespace SensorDash.Web.Requests;

/// <summary>The parameters that select nodes to delete, for the API and the page.</summary>
internal static class NodeCriteriaParameters
{
    public static readonly WholeParameter FirstAddress = new("first_address", 1, int.MaxValue, "Only addresses from this one. 1 to 2147483647.", "1000");
    public static readonly WholeParameter LastAddress = new("last_address", 1, int.MaxValue, "Only addresses up to this one. 1 to 2147483647.", "1999");
    public static readonly WholeParameter MaxReadings = new("max_readings", 0, 1_000_000_000_000, "Only nodes with at most so many readings. 0 to 1000000000000.", "1");
    public static readonly WholeParameter LastSeenBefore = new("last_seen_before", 0, 253_402_300_799,
        "Only nodes whose latest reading was measured before this time, Unix seconds, exclusive.", "1767225600");

    public static readonly QueryParameter[] All = [FirstAddress, LastAddress, LastSeenBefore, MaxReadings];

    /// <summary>What a request without conditions gets: it would select every node.</summary>
    public static readonly string Required = $"at least one condition is required: {string.Join(", ", All.Select(p => p.Name))}";

    /// <summary>The conditions as text, such as <c>nodes 1000 to 1999, at most 1 readings</c>.</summary>
    public static string Describe(NodeCriteria criteria)
    {
        var text = criteria.LastAddress < int.MaxValue ? FormattableString.Invariant($"nodes {criteria.FirstAddress} to {criteria.LastAddress}") : FormattableString.Invariant($"nodes from {criteria.FirstAddress}");
        if (criteria.LastSeenBefore < long.MaxValue) text += FormattableString.Invariant($", last seen before {DateTimeOffset.FromUnixTimeSeconds(criteria.LastSeenBefore):yyyy-MM-ddTHH:mm:ssZ}");
        return criteria.MaxReadings < long.MaxValue ? text + FormattableString.Invariant($", at most {criteria.MaxReadings} readings") : text;
    }

    /// <summary>Reads the conditions.</summary>
    /// <returns>Null without conditions. With errors the reader has them.</returns>
    public static NodeCriteria? Read(QueryReader reader) => Read(reader, LastSeenBefore.Read(reader));

    /// <param name="reader">Has the other conditions.</param>
    /// <param name="lastSeenBefore">Unix seconds, or null.</param>
    public static NodeCriteria? Read(QueryReader reader, long? lastSeenBefore)
    {
        var (first, last, readings) = (FirstAddress.Read(reader), LastAddress.Read(reader), MaxReadings.Read(reader));
        if (first > last) reader.Error(FirstAddress.Name, $"must not be above {LastAddress.Name} ({first} > {last})");
        if ((first ?? last ?? readings ?? lastSeenBefore) is null) return null;
        return new((int)(first ?? 1), (int)(last ?? int.MaxValue), lastSeenBefore ?? long.MaxValue, readings ?? long.MaxValue);
    }
}
