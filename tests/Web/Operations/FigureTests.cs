using SensorDash.Tests.Support;
using SensorDash.Web.Operations.Figures;

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
}
