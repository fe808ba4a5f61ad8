namespace SensorDash.Web.Operations.Figures;

/// <summary>Space of a disk.</summary>
/// <param name="Free">Bytes that the program may use.</param>
/// <param name="Size">All bytes.</param>
internal sealed record DiskSpace(long Free, long Size)
{
    /// <summary>The disk of a folder, which need not exist yet; null if it cannot be read.</summary>
    public static DiskSpace? Of(string folder)
    {
        try
        {
            var existing = folder;
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent) existing = parent;
            var drive = new DriveInfo(existing);
            return new(drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>How fast stores grow.</summary>
/// <param name="Days">Days that the growth was measured over, at most 7.</param>
/// <param name="BytesPerDay">Mean growth a day; negative if they shrank.</param>
/// <param name="IsSteady">Whether a year of it would change the size by less than a tenth.</param>
internal sealed record StorageGrowth(double Days, double BytesPerDay, bool IsSteady)
{
    private const int WindowDays = 7;

    // A log or a table that grows and shrinks again is not a trend.
    private const long SteadyBytesPerDay = 64 * 1024;

    /// <summary>The growth over what is known of the last week; null before there is a day of it.</summary>
    /// <param name="days">Oldest first.</param>
    /// <param name="now">The time.</param>
    /// <param name="of">The size; null: not known.</param>
    public static StorageGrowth? Of(IReadOnlyList<StorageDay> days, DateTimeOffset now, Func<StorageSize, long?> of)
    {
        var from = now.AddDays(-WindowDays).ToUnixTimeSeconds();
        var known = days.SelectMany(d => new[] { d.First, d.Last }).OfType<StorageSize>().Where(s => s.At >= from && of(s) is not null).ToList();
        if (known.Count < 2 || (known[^1].At - known[0].At) / 86_400.0 is not (>= 1 and var measured)) return null;
        var last = of(known[^1])!.Value;
        var perDay = (last - of(known[0])!.Value) / measured;
        return new(measured, perDay, Math.Abs(perDay) < Math.Max(SteadyBytesPerDay, last / 3650.0));
    }

    /// <summary>Days until so many bytes are full; null if that does not happen.</summary>
    public double? DaysUntil(long free) => IsSteady || BytesPerDay <= 0 ? null : free / BytesPerDay;
}
