using System.Globalization;
using SensorDash.Data.Nodes;

namespace SensorDash.Web.Pages.Overview;

/// <summary>The class of a zone: the series color nearest to the color that users gave it, so that it has contrast in both themes.</summary>
internal static class ZoneColors
{
    private static readonly (int R, int G, int B)[] _series = [(0xB8, 0x43, 0x0B), (0x00, 0x67, 0xA8), (0x7A, 0x35, 0xFF), (0x17, 0x45, 0x25), (0x83, 0x07, 0x5E), (0x14, 0x18, 0x1D)];

    /// <summary>Classes of some zones: different ones as long as there are enough.</summary>
    public static IReadOnlyDictionary<int, string> Of(IEnumerable<Zone> zones)
    {
        var classes = new Dictionary<int, string>();
        var free = new HashSet<int>(Enumerable.Range(0, _series.Length));
        foreach (var zone in zones)
        {
            if (free.Count == 0) free.UnionWith(Enumerable.Range(0, _series.Length));
            var nearest = free.MinBy(i => Distance(_series[i], zone.Color));
            free.Remove(nearest);
            classes[zone.Id] = FormattableString.Invariant($"s{nearest + 1}");
        }
        return classes;
    }

    private static int Distance((int R, int G, int B) series, string color)
    {
        var value = int.Parse(color.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture); // #RRGGBB, checked when it is stored.
        var (r, g, b) = ((value >> 16) - series.R, ((value >> 8) & 0xFF) - series.G, (value & 0xFF) - series.B);
        return (r * r) + (g * g) + (b * b);
    }
}
