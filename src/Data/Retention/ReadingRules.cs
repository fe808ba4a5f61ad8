namespace SensorDash.Data.Retention;

/// <summary>How long the readings of each node are kept, as far as zones and nodes are known.</summary>
/// <param name="Default">Days; 0: forever.</param>
/// <param name="OfNodes">Days of the nodes that have others.</param>
public sealed record ReadingRules(int Default, IReadOnlyDictionary<int, int> OfNodes)
{
    private const long DaySeconds = 86_400;

    /// <summary>The setting that counts for each of these nodes.</summary>
    public IReadOnlyDictionary<int, string> Settings { get; init; } = new Dictionary<int, string>();

    public static ReadingRules Forever { get; } = new(0, new Dictionary<int, int>());

    public bool IsOn => Default > 0 || OfNodes.Values.Any(days => days > 0);

    public int DaysOf(int node) => OfNodes.TryGetValue(node, out var days) ? days : Default;

    /// <summary>The measured time from which readings of a node are kept, Unix seconds: the start of a day (UTC), which is the same on every engine.</summary>
    public long KeptFrom(int node, long today) => KeptFromDays(DaysOf(node), today);

    /// <inheritdoc cref="KeptFrom"/>
    /// <param name="days">0: forever.</param>
    /// <param name="today">Days since 1970.</param>
    public static long KeptFromDays(int days, long today) => days == 0 ? long.MinValue : (today - days) * DaySeconds;

    /// <summary>Whole days since 1970 (UTC).</summary>
    public static long Today(TimeProvider clock) => clock.GetUtcNow().ToUnixTimeSeconds() / DaySeconds;
}
