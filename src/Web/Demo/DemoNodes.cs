using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Demo;

/// <summary>The twelve made-up nodes: some with gaps, one with a spike, one around 0 °C, one with a single sensor and one that stopped sending.</summary>
/// <remarks>A value depends on node and time alone, so that history and what follows it fit together, and sending a time again is a duplicate.</remarks>
internal static class DemoNodes
{
    public const int IntervalSeconds = 60;
    public const int Days = 30;
    private const long SecondsPerDay = 86_400;
    private const long SilentDays = 3;

    public static IReadOnlyList<DemoNode> All { get; } =
    [
        new(1, "Living room", "House", 21, 1.2, 45, 6),
        new(2, "Kitchen", "House", 22, 2.0, 50, 10),
        new(3, "Bedroom", "House", 18.5, 1.5, 48, 6),
        new(4, "Bathroom", "House", 22.5, 1.0, 60, 15, DemoTrait.Spike),
        new(5, "Cellar", "House", 12, 0.4, 70, 3),
        new(6, "Study", "House", 20.5, 1.6, 44, 5, DemoTrait.Gaps),
        new(7, "Tomato bed", "Greenhouse", 24, 7, 65, 15),
        new(8, "Seedlings", "Greenhouse", 25, 5, 72, 10, DemoTrait.Gaps),
        new(9, "North wall", "Outside", 0.5, 4, 80, 10), // Crosses 0 °C every day.
        new(10, "Roof", "Outside", 3, 9, 75, 15),
        new(11, "Soil probe", "Outside", 6, 0.8, null, 0),
        new(12, "Garden shed", "Outside", 4, 5, 78, 10, DemoTrait.Silent),
    ];

    /// <summary>Hardware ids of their own tell demo nodes from others with the same address.</summary>
    public static bool IsDemo(Node node) => (ulong?)node.DeviceId == DeviceIdOf(node.Address) && All.Any(demo => demo.Address == node.Address);

    /// <summary>Those in the store.</summary>
    public static async Task<IReadOnlyList<DemoNode>> FindAsync(INodeStore store, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync([.. All.Select(n => n.Address)], cancellationToken);
        return [.. found.Where(IsDemo).Select(node => All.First(demo => demo.Address == node.Address))];
    }

    /// <summary>The readings of the 30 days before <paramref name="now"/> (Unix seconds).</summary>
    public static IEnumerable<Reading> History(DemoNode node, long now)
    {
        foreach (var time in Times(node, now - (Days * SecondsPerDay) - 1, now))
        {
            if (IsMissing(node.Trait, time, now)) continue;
            var isSpike = node.Trait == DemoTrait.Spike && now - (2 * SecondsPerDay) - time is >= 0 and < IntervalSeconds;
            yield return ReadingAt(node, time, isSpike ? 27.5 : 0);
        }
    }

    /// <summary>The readings after <paramref name="after"/> up to <paramref name="now"/> (Unix seconds); none of a node that has stopped sending.</summary>
    public static IEnumerable<Reading> Since(DemoNode node, long after, long now)
        => node.Trait == DemoTrait.Silent ? [] : Times(node, after, now).Select(time => ReadingAt(node, time, 0));

    // Each node at a second of its own.
    private static IEnumerable<long> Times(DemoNode node, long after, long last)
    {
        var phase = node.Address * 5 % IntervalSeconds;
        for (var time = after + 1 + ((((phase - after - 1) % IntervalSeconds) + IntervalSeconds) % IntervalSeconds); time <= last; time += IntervalSeconds) yield return time;
    }

    private static Reading ReadingAt(DemoNode node, long time, double more)
    {
        var day = Math.Sin(((time % SecondsPerDay / (double)SecondsPerDay) - 0.375) * 2 * Math.PI); // Warmest at 15:00 UTC.
        var noise = Noise(node.Address, time) * 0.2;
        var celsius = node.Celsius + (node.Swing * 0.5 * (day + Weather(node.Address, time))) + noise + more;
        var percent = node.Percent is { } level ? Math.Clamp(level - (node.PercentSwing * 0.5 * day) + (noise * 4), 0, 100) : (double?)null;
        return new Reading(node.Address, time, (short)Math.Round(celsius * 100), percent is { } p ? (short)Math.Round(p * 100) : null, 0, time, DeviceIdOf(node.Address));
    }

    // Waves of 5 hours to 6 days that do not fit together, between −0.6 and 0.6.
    private static double Weather(int address, long time)
        => (0.3 * Math.Sin((time / 83_000.0) + address)) + (0.2 * Math.Sin((time / 17_300.0) + (address * 2.3))) + (0.1 * Math.Sin(time / 2_950.0));

    /// <summary>A number from −0.5 to 0.5 that looks random.</summary>
    internal static double Noise(long series, long time)
    {
        var mixed = unchecked(((ulong)time * 0x9E37_79B9_7F4A_7C15UL) + ((ulong)series * 0xC2B2_AE3D_27D4_EB4FUL));
        mixed = unchecked((mixed ^ (mixed >> 31)) * 0xBF58_476D_1CE4_E5B9UL);
        return ((mixed ^ (mixed >> 29)) >> 11) / (double)(1UL << 53) - 0.5;
    }

    private static ulong DeviceIdOf(int address) => unchecked(0x9E37_79B9_7F4A_7C15UL * (ulong)address);

    private static bool IsMissing(DemoTrait trait, long time, long now) => trait switch
    {
        DemoTrait.Gaps => IsWithin(time, now - (21 * SecondsPerDay), hours: 19) || IsWithin(time, now - (20 * 3600), hours: 1)
            || IsWithin(time, now - (5 * 3600), hours: 2),
        DemoTrait.Silent => time > now - (SilentDays * SecondsPerDay),
        _ => false,
    };

    private static bool IsWithin(long time, long start, int hours) => time >= start && time < start + (hours * 3600L);
}

internal enum DemoTrait
{
    None,
    Gaps,
    Spike,
    Silent,
}

/// <param name="Swing">Difference between night and day in °C.</param>
/// <param name="Percent">Null for a node without a humidity sensor.</param>
internal sealed record DemoNode(
    int Address, string Name, string Zone, double Celsius, double Swing, double? Percent, double PercentSwing, DemoTrait Trait = DemoTrait.None);
