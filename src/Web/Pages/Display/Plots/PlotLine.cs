using System.Globalization;

namespace SensorDash.Web.Pages.Display.Plots;

/// <summary>A point of a line.</summary>
/// <param name="Time">Unix seconds.</param>
/// <param name="Count">What the value stands for: readings, or nodes.</param>
/// <param name="Expected">How many there should be, if some are missing; otherwise null.</param>
internal readonly record struct PlotPoint(long Time, decimal Value, int Count = 1, int? Expected = null)
{
    /// <summary>The number of readings that a bucket should have, if it lacks some or is not over; otherwise null.</summary>
    /// <param name="start">Start of the bucket, Unix seconds.</param>
    /// <param name="seconds">Its length.</param>
    /// <param name="count">Readings in it.</param>
    /// <param name="intervalSeconds">Expected interval; null when unknown.</param>
    /// <param name="from">Start of the range, Unix seconds.</param>
    /// <param name="to">End of the range, or now if that is earlier.</param>
    public static int? ExpectedIn(long start, long seconds, int count, int? intervalSeconds, long from, long to)
    {
        if (intervalSeconds is not { } interval) return null;
        var expected = (int)Math.Min(int.MaxValue, seconds / interval);
        // One reading more or less is a matter of where a bucket begins; one in ten may be lost.
        var lacks = start < from || start + seconds > to ? count < expected : (count + 1) * 10L < expected * 9L;
        return lacks ? expected : null;
    }
}

/// <summary>A line of a plot.</summary>
/// <param name="Name">Shown at its end.</param>
/// <param name="Key">Names it in the URL and to scripts.</param>
/// <param name="Class">The class of its color.</param>
/// <param name="Runs">Points between two gaps, oldest first.</param>
internal sealed record PlotLine(string Name, string Key, string Class, IReadOnlyList<IReadOnlyList<PlotPoint>> Runs)
{
    /// <summary>Whether another line is selected.</summary>
    public bool IsFaint { get; init; }

    /// <summary>What <see cref="PlotPoint.Count"/> counts.</summary>
    public string Counted { get; init; } = "readings";
}

/// <summary>A line as drawn: its parts between points that lack something are dashed, single points are dots.</summary>
/// <param name="Few">For scripts: position and count of the points that lack something, such as <c>12.5:3/5</c>.</param>
internal sealed record PlotPaths(string Solid, string Dashed, string Dots, string Few)
{
    public static PlotPaths Of(IEnumerable<IReadOnlyList<PlotPoint>> runs, long from, long to, PlotScale scale, int height)
    {
        var (solid, dashed) = (new List<IReadOnlyList<(long, decimal)>>(), new List<IReadOnlyList<(long, decimal)>>());
        var dots = new List<IReadOnlyList<(long, decimal)>>();
        var few = new List<string>();
        foreach (var run in runs)
        {
            few.AddRange(run.Where(p => p.Expected is not null).Select(p => string.Create(CultureInfo.InvariantCulture, $"{LinePlot.Number(LinePlot.X(p.Time, from, to))}:{p.Count}/{p.Expected}")));
            if (run.Count == 1) dots.Add([(run[0].Time, run[0].Value)]);
            for (var start = 0; start < run.Count - 1;)
            {
                var (isDashed, end) = (IsDashed(start), start + 1);
                while (end < run.Count - 1 && IsDashed(end) == isDashed) end++;
                (isDashed ? dashed : solid).Add([.. run.Skip(start).Take(end - start + 1).Select(p => (p.Time, p.Value))]);
                start = end;
            }

            bool IsDashed(int index) => run[index].Expected is not null || run[index + 1].Expected is not null;
        }
        return new(Path(solid), Path(dashed), Path(dots), string.Join(' ', few));

        string Path(List<IReadOnlyList<(long, decimal)>> parts) => LinePlot.PathOf(parts, from, to, scale, height);
    }
}
