using System.Globalization;

namespace SensorDash.Web.Pages.Display;

/// <summary>Sizes as pages show them.</summary>
internal static class SizeText
{
    private static readonly string[] _units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>"4.9 MiB": at most three digits, in the largest unit that gives at least 1.</summary>
    public static string Of(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < _units.Length - 1; unit++) size /= 1024;
        return size.ToString(unit == 0 || size >= 100 ? "0" : size >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + " " + _units[unit];
    }
}
