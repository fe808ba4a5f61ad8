using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using static SensorDash.Data.Tests.Ingest.Parsing.ParserRun;

namespace SensorDash.Data.Tests.Ingest.Parsing;

public sealed class LineProtocolParserTests
{
    private const string T = "1782907200";

    [Theory]
    [InlineData($"climate,node=12 temp=21.5,hum=40.25 {T}", 2150, 4025)]
    [InlineData($"climate,node=12 temperature=21.5,humidity=40.25 {T}", 2150, 4025)]
    [InlineData($"climate,node=12 temp=2150i,hum=4025i {T}", 2150, 4025)]
    [InlineData($"climate,node=12 temp=2150i,hum=4025u {T}", 2150, 4025)]
    [InlineData($"climate,node=12 temp=-5 {T}", -500, null)]
    [InlineData($"climate,node=12 hum=0 {T}", null, 0)]
    [InlineData($"climate,node=12 temp=0i {T}", 0, null)]
    [InlineData($"climate,node=12 temp=1.5E1 {T}", 1500, null)]
    [InlineData($"climate,node=12 temp=150e-1 {T}", 1500, null)]
    [InlineData($"any\\ thing\\,here,host=pi\\ 4,node=12,place=in\\=out temp=1 {T}", 100, null)]
    [InlineData($"climate,node=12 note=\"temp=99, hum=1 \\\"x\\\\\",temp=1 {T}", 100, null)]
    [InlineData($"climate,node=12 battery=3.1,ok=true,name=\"n\",temp=1 {T}", 100, null)]
    [InlineData($"climate,node=12   temp=1   {T}  ", 100, null)]
    public async Task Line_Valid_IsRead(string line, int? temperature, int? humidity)
    {
        var run = await OfAsync(Lines_s, line);

        Assert.True(run.Rows.Count == 1, run.ToString());
        Assert.Equal(new Reading(12, Now, (short?)temperature, (short?)humidity, 0, Now, null), run.Rows[0]);
    }

    [Fact]
    public async Task Line_Flags_AreRead() => Assert.Equal(4_000_000_000u, (await OfAsync(Lines_s, $"c,node=12 temp=1,flags=4000000000u {T}")).Rows.Single().Flags);

    [Theory]
    [InlineData("climate temp=1 1782907200", "node")]
    [InlineData("climate,host=pi temp=1 1782907200", "node")]
    [InlineData("climate,node=abc temp=1 1782907200", "node")]
    [InlineData("climate,node=0 temp=1 1782907200", "node_address")]
    [InlineData("climate,node=12 1782907200", null)]
    [InlineData("climate,node=12", null)]
    [InlineData("climate,node=12 battery=1 1782907200", "temperature_centidegrees")]
    [InlineData("climate,node=12 temp=\"21.5\" 1782907200", "temperature")]
    [InlineData("climate,node=12 temp=t 1782907200", "temperature")]
    [InlineData("climate,node=12 temp=NaN 1782907200", "temperature")]
    [InlineData("climate,node=12 temp=i 1782907200", "temperature")]
    [InlineData("climate,node=12 temp=21.5i 1782907200", "temperature")]
    [InlineData("climate,node=12 temp= 1782907200", null)]
    [InlineData("climate,node=12 temp=328 1782907200", "temperature_centidegrees")]
    [InlineData("climate,node=12 hum=100.01 1782907200", "humidity_centipercent")]
    [InlineData("climate,node=12 flags=1,temp=1 1782907200", "flags")]
    [InlineData("climate,node=12 temp=1 noon", "timestamp")]
    [InlineData("climate,node=12 temp=1 1782907200 1", "timestamp")]
    [InlineData("climate,node=12 temp=1 1782907200.5", "timestamp")]
    [InlineData("climate,node=12 temp=1 -1", "timestamp")]
    [InlineData("climate,node=12 temp=1 99999999999999999999", "timestamp")]
    [InlineData("climate,node=12 temp=1 1782993601", "timestamp")]
    [InlineData("climate,node=12 temp=1,temperature=2 1782907200", "temperature")]
    [InlineData("climate,node=12,node=13 temp=1 1782907200", "node")]
    [InlineData("climate,node=12 temp=1,flags=1i,flags=2i 1782907200", "flags")]
    public async Task Line_Invalid_IsRejectedByFieldAndTheNextIsKept(string line, string? field)
    {
        var run = await OfAsync(Lines_s, $"# first\n{line}\nc,node=12 temp=1 {T}");

        Assert.Equal([(2L, field)], run.Rejected.Select(r => (r.Line, r.Field)));
        Assert.Equal([3L], run.Lines);
    }

    [Theory]
    [InlineData(TimePrecision.Seconds, "1782907200", Now)]
    [InlineData(TimePrecision.Milliseconds, "1782907200999", Now)]
    [InlineData(TimePrecision.Microseconds, "1782907200000001", Now)]
    [InlineData(TimePrecision.Nanoseconds, "1782907199999999999", Now - 1)]
    [InlineData(TimePrecision.Nanoseconds, "", Now)] // Absent: the server's clock.
    public async Task Time_InItsPrecision_IsFlooredToSeconds(TimePrecision precision, string time, long seconds)
    {
        var run = await OfAsync(body => new LineProtocolParser(body, precision, Now), $"c,node=12 temp=1 {time}");

        Assert.Equal(seconds, run.Rows.Single().Timestamp);
    }

    [Fact]
    public async Task Time_Negative_IsFlooredAndRejectedForItsAge()
    {
        var run = await OfAsync(Lines_ns, "c,node=12 temp=1 -1");

        Assert.Contains("not -1", run.Rejected.Single().Error, StringComparison.Ordinal); // −1 ns lies in second −1, not 0.
    }

    [Fact]
    public async Task Comments_AndEmptyLines_AreCountedAsLinesOnly()
    {
        var run = await OfAsync(Lines_s, $"\n# a\n  # b\n\t\nc,node=12 temp=1 {T}");

        Assert.Equal((0L, 5L), (run.RejectedCount, run.Lines.Single()));
    }
}
