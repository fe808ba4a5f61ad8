using SensorDash.Data.Nodes;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Nodes;

public sealed class LivenessTests
{
    [Theory]
    // No interval known: 300 s are allowed, then stale after four times that.
    [InlineData(1, 0, null, 0, NodeStatus.Live)]
    [InlineData(1, 0, null, 300, NodeStatus.Live)]
    [InlineData(1, 0, null, 301, NodeStatus.Late)]
    [InlineData(1, 0, null, 1200, NodeStatus.Late)]
    [InlineData(1, 0, null, 1201, NodeStatus.Stale)]
    // A quick node: three times 30 s would be 90 s, but at least 300 s are allowed.
    [InlineData(51, 30, null, 300, NodeStatus.Live)]
    [InlineData(51, 30, null, 301, NodeStatus.Late)]
    // A slow one: three times its learned interval.
    [InlineData(51, 600, null, 1800, NodeStatus.Live)]
    [InlineData(51, 600, null, 1801, NodeStatus.Late)]
    [InlineData(51, 600, null, 7200, NodeStatus.Late)]
    [InlineData(51, 600, null, 7201, NodeStatus.Stale)]
    // What the user set wins over what was learned.
    [InlineData(51, 600, 100, 301, NodeStatus.Late)]
    [InlineData(51, 30, 3600, 10_800, NodeStatus.Live)]
    [InlineData(51, 30, 3600, 10_801, NodeStatus.Late)]
    [InlineData(51, 30, 2_592_000, 7_776_000, NodeStatus.Live)]
    // A clock that runs ahead is no silence.
    [InlineData(51, 30, null, -86_400, NodeStatus.Live)]
    public void Evaluate_SilentFor_IsOfThatStatus(int readings, int interval, int? set, long silent, NodeStatus status)
    {
        long[] times = [.. Enumerable.Range(0, readings).Select(i => Noon - ((long)i * interval))];

        var liveness = Liveness.Evaluate(times, set, Noon + silent);

        Assert.Equal((status, status == NodeStatus.Live), (liveness.Status, liveness.IsOnline));
        Assert.Equal(Math.Max(0, silent), liveness.SilentSeconds);
        Assert.NotEmpty(liveness.Reason);
    }

    [Fact]
    public void Evaluate_NoReading_IsNever()
    {
        var liveness = Liveness.Evaluate([], 60, Noon);

        Assert.Equal((NodeStatus.Never, false, null), (liveness.Status, liveness.IsOnline, liveness.SilentSeconds));
    }

    [Fact]
    public void LearnInterval_FewGapsAmongEqualSpacings_IsTheMedian()
    {
        long[] times = [Noon, Noon - 30, Noon - 60, Noon - 9000, Noon - 9030, Noon - 9060, Noon - 50_000];

        Assert.Equal(30, Liveness.LearnInterval(times));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void LearnInterval_TooFewReadings_IsUnknown(int readings)
        => Assert.Null(Liveness.LearnInterval([.. Enumerable.Range(0, readings).Select(i => Noon - i)]));

    [Fact]
    public void LearnInterval_ThreeReadings_IsEnough() => Assert.Equal(30, Liveness.LearnInterval([Noon, Noon - 30, Noon - 70]));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 min")]
    [InlineData(7199, "119 min")]
    [InlineData(7200, "2 h")]
    [InlineData(11_100, "3 h 5 min")]
    [InlineData(172_799, "47 h 59 min")]
    [InlineData(187_200, "2 d 4 h")]
    public void FormatDuration_Duration_IsAsPeopleSayIt(long seconds, string words) => Assert.Equal(words, Liveness.FormatDuration(seconds));
}
