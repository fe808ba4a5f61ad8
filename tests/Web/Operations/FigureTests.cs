using NodaTime;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Pages.SystemStatus;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Percentiles of a minute, and the samples of the last hours.</summary>
public sealed class FigureTests
{
    [Fact]
    public void Percentiles_OfAnyLatencies_AreNeverTooLowAndAtMostNinePercentTooHigh()
        => PropertyCheck.ForAll(FsCheck.Fluent.Gen.NonEmptyListOf(FsCheck.Fluent.Gen.Choose(1, 60_000_000)), microseconds =>
        {
            var buckets = new LatencyBuckets();
            foreach (var m in microseconds) buckets.Record(m / 1e6);
            var sorted = microseconds.Select(m => m / 1e6).Order().ToArray();
            var taken = buckets.Take();
            return IsNear(taken.P50, 0.5) && IsNear(taken.P95, 0.95) && IsNear(taken.P99, 0.99);

            bool IsNear(double? value, double share)
            {
                var exact = sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
                return value is { } v && (exact <= 0.0001 ? v <= 0.00011 : v >= exact * 0.999_999 && v <= exact * 1.091);
            }
        });

    [Fact]
    public void Percentiles_TakenTwice_AreOfTheTimeBetween()
    {
        var buckets = new LatencyBuckets();
        buckets.Record(3600); // Longer than the last bucket.
        buckets.Record(-1); // A clock that was set back.

        Assert.InRange(buckets.Take().P99!.Value, 590, 700);
        Assert.Equal(default, buckets.Take());
    }

    [Fact]
    public void History_MoreSamplesThanItHolds_KeepsTheNewestInOrder()
    {
        var clock = new ManualTime();
        var history = new FigureHistory(clock);
        for (var i = 0; i < FigureHistory.Capacity + 7; i++)
        {
            history.Add(new() { [Figure.Streams] = i });
            clock.Advance(FigureHistory.Interval);
        }

        var samples = history.Read();

        Assert.Equal(FigureHistory.Capacity, samples.Count);
        Assert.Equal(Enumerable.Range(7, FigureHistory.Capacity).Select(i => (double?)i), samples.Select(s => s.Sample[Figure.Streams]));
        Assert.Equal(clock.UnixSeconds - 60, samples[^1].Time);
        Assert.All(samples.Zip(samples.Skip(1)), pair => Assert.Equal(60, pair.Second.Time - pair.First.Time));
        Assert.Null(samples[0].Sample[Figure.Resident]);
    }

    [Fact]
    public void Charts_OfFourHours_AreDrawnInFewBytes()
    {
        var random = new Random(43);
        var samples = Enumerable.Range(1, FigureHistory.Capacity).Select(i => (Time: ManualTime.Noon - ((FigureHistory.Capacity - i) * 60L), Sample: Sample())).ToList();

        var charts = new Measures(samples, Sample(), ManualTime.Noon, DateTimeZone.Utc).Charts(100_000);

        Assert.Equal(11, charts.Count);
        var bytes = charts.SelectMany(c => c.Plot!.Paths).Sum(p => p.Solid.Length);
        Assert.InRange(bytes, 1, 70_000);

        FigureSample Sample()
        {
            var sample = new FigureSample();
            foreach (var figure in Enum.GetValues<Figure>()) sample[figure] = random.NextDouble() * 100_000;
            return sample;
        }
    }

    [Fact]
    public void Charts_MinutesWithoutSamples_AreGaps()
    {
        (long, FigureSample)[] samples = [.. new[] { 60, 50, 30, 29 }.Select(minutes => (ManualTime.Noon - (minutes * 60L), new FigureSample { [Figure.Streams] = minutes }))];

        var chart = new Measures(samples, new() { [Figure.Streams] = 1 }, ManualTime.Noon, DateTimeZone.Utc).Charts(100_000).Single(c => c.Title == "Live streams");

        Assert.Equal([1, 1, 2, 1], chart.Plot!.Lines[0].Runs.Select(run => run.Count));
        Assert.Equal("1", chart.Value);
    }
}
