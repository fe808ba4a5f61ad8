using System.Globalization;

namespace SensorDash.Data.Nodes;

/// <summary>The order of names for people.</summary>
public static class NameOrder
{
    /// <summary>"Node 8" comes before "Node 10".</summary>
    public static readonly StringComparer Natural =
        StringComparer.Create(CultureInfo.InvariantCulture, CompareOptions.NumericOrdering | CompareOptions.IgnoreCase);
}
