using SensorDash.Data.Nodes;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Nodes;

public sealed class LivenessTests
{
    [Theory]
    // Without an interval: 300 s are allowed, then stale after four times that.
    [InlineData(null, 0, NodeStatus.Live)]
    [InlineData(null, 300, NodeStatus.Live)]
    [InlineData(null, 301, NodeStatus.Late)]
    [InlineData(null, 1200, NodeStatus.Late)]
    [InlineData(null, 1201, NodeStatus.Stale)]
    // Three intervals, but at least 30 s: gateways send the readings of quick nodes together.
    [InlineData(2, 30, NodeStatus.Live)]
    [InlineData(2, 31, NodeStatus.Late)]
    [InlineData(2, 120, NodeStatus.Late)]
    [InlineData(2, 121, NodeStatus.Stale)]
    [InlineData(30, 90, NodeStatus.Live)]
    [InlineData(30, 91, NodeStatus.Late)]
    [InlineData(600, 1800, NodeStatus.Live)]
    [InlineData(600, 1801, NodeStatus.Late)]
    [InlineData(600, 7200, NodeStatus.Late)]
    [InlineData(600, 7201, NodeStatus.Stale)]
    [InlineData(2_592_000, 7_776_000, NodeStatus.Live)]
    public void Evaluate_NothingReceivedFor_IsOfThatStatus(int? interval, long silent, NodeStatus status)
    {
        var liveness = Liveness.Evaluate(NodeOf(measured: Noon - 1, received: Noon), interval, Noon + silent);

        Assert.Equal((status, status == NodeStatus.Live, status.ToString().ToLowerInvariant()), (liveness.Status, liveness.IsOnline, liveness.Text));
        Assert.Equal((silent + 1, silent, 1), (liveness.SilentSeconds, liveness.ReceivedSeconds, liveness.ClockSkewSeconds));
    }

    [Theory]
    [InlineData(72_000, "clock 20 h ahead", NodeStatus.ClockAhead)]
    [InlineData(71_999, "clock 20 h ahead", NodeStatus.ClockAhead)]
    [InlineData(121, "clock 2 min ahead", NodeStatus.ClockAhead)]
    [InlineData(120, "live", NodeStatus.Live)]
    [InlineData(-300, "live", NodeStatus.Live)]
    [InlineData(-301, "clock 5 min behind", NodeStatus.ClockBehind)]
    [InlineData(-3601, "clock 1 h behind", NodeStatus.ClockBehind)]
    [InlineData(-5400, "clock 1 h 30 min behind", NodeStatus.ClockBehind)]
    [InlineData(-90_000, "clock 25 h behind", NodeStatus.ClockBehind)]
    public void Evaluate_ClockIsWrong_NamesTheSkewAndTheNodeIsOnline(long ahead, string text, NodeStatus status)
    {
        var liveness = Liveness.Evaluate(NodeOf(measured: Noon + ahead, received: Noon), 60, Noon + 5);

        Assert.Equal((status, true, text, "last reading 5 s ago, expected every 60 s"), (liveness.Status, liveness.IsOnline, liveness.Text, liveness.Reason));
        Assert.Equal(-ahead, liveness.ClockSkewSeconds);
    }

    [Fact]
    public void Evaluate_ClockAheadAndSilent_IsStale()
        => Assert.Equal(NodeStatus.Stale, Liveness.Evaluate(NodeOf(measured: Noon + 72_000, received: Noon), 60, Noon + 3600).Status);

    [Fact]
    public void Evaluate_BacklogBesideCurrentReadings_IsLive()
    {
        var node = NodeOf(measured: Noon - 7200, received: Noon);
        node.LastSeenAt = Noon - 30;

        Assert.Equal(NodeStatus.Live, Liveness.Evaluate(node, 60, Noon).Status);
    }

    [Fact]
    public void Evaluate_ReadingsOfTheWholeInterval_AreNotBehind()
        => Assert.Equal(NodeStatus.Live, Liveness.Evaluate(NodeOf(measured: Noon - 3600, received: Noon), 3600, Noon).Status);

    [Fact]
    public void Evaluate_NoReading_IsNever()
    {
        var liveness = Liveness.Evaluate(new Node { Address = 1, LastSeenAt = Noon, LastReceivedAt = Noon }, 60, Noon);

        Assert.Equal((NodeStatus.Never, false, null, null), (liveness.Status, liveness.IsOnline, liveness.SilentSeconds, liveness.ReceivedSeconds));
    }

    private static Node NodeOf(long measured, long received)
        => new() { Address = 1, TotalReadings = 10, FirstSeenAt = measured, LastSeenAt = measured, LastReceivedAt = received, LastReceivedTimestamp = measured };

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
