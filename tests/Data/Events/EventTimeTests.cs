using System.Text;
using FsCheck.Fluent;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Events;

public sealed class EventTimeTests
{
    [Theory]
    [InlineData("2026-01-26T10:00:00Z", 1_769_421_600_000_000, true)]
    [InlineData("2026-01-26T10:00:00+00:00", 1_769_421_600_000_000, false)]
    [InlineData("2026-01-26t10:00:00z", 1_769_421_600_000_000, false)]
    [InlineData("2026-01-26T11:30:00+01:30", 1_769_421_600_000_000, false)]
    [InlineData("2026-01-26T09:00:00-01:00", 1_769_421_600_000_000, false)]
    [InlineData("2026-01-26T10:00:00.000000Z", 1_769_421_600_000_000, false)]
    [InlineData("2026-01-26T10:00:00.04Z", 1_769_421_600_040_000, false)]
    [InlineData("2026-01-26T10:00:00.040000Z", 1_769_421_600_040_000, true)]
    [InlineData("2026-01-26T10:00:00.0400009Z", 1_769_421_600_040_000, false)]
    [InlineData("2026-01-26T10:00:00.000001Z", 1_769_421_600_000_001, true)]
    [InlineData("2024-02-29T00:00:00Z", 1_709_164_800_000_000, true)]
    [InlineData("1969-12-31T23:59:59.999999Z", -1, true)]
    public void TryParse_Rfc3339_GivesTheInstantAndWhetherTheTextIsCanonical(string text, long expected, bool canonical)
    {
        Assert.True(EventTime.TryParse(Encoding.ASCII.GetBytes(text), out var time, out var isCanonical));
        Assert.Equal((expected, canonical), (time, isCanonical));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-01-26")]
    [InlineData("2026-01-26T10:00:00")]
    [InlineData("2026-01-26 10:00:00Z")]
    [InlineData("2026-01-26T10:00:00.Z")]
    [InlineData("2026-01-26T10:00:00,5Z")]
    [InlineData("2026-01-26T10:00:60Z")]
    [InlineData("2026-01-26T24:00:00Z")]
    [InlineData("2026-02-30T10:00:00Z")]
    [InlineData("2026-13-01T10:00:00Z")]
    [InlineData("0000-01-01T10:00:00Z")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("2026-01-26T10:00:00+1:00")]
    [InlineData("2026-01-26T10:00:00+0100")]
    [InlineData("2026-01-26T10:00:00+24:00")]
    [InlineData("+026-01-26T10:00:00Z")]
    [InlineData("２026-01-26T10:00:00Z")]
    [InlineData("2026-01-26T10:00:00.00000000000000000000000000000000000000000000000000Z")]
    public void TryParse_AnythingElse_IsRefused(string text)
    {
        Assert.False(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));
        Assert.False(EventTime.TryParse(text, out _));
    }

    [Fact]
    public void Format_AnyInstant_ReadsBackAsItAndIsCanonical()
        => PropertyCheck.ForAll(
            from seconds in Gen.Choose(-2_000_000_000, int.MaxValue)
            from micros in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 999_999))
            select (seconds * 1_000_000L) + micros,
            time => EventTime.TryParse(Encoding.ASCII.GetBytes(EventTime.Format(time)), out var read, out var isCanonical) && isCanonical && read == time,
            times: 1000);

    [Fact]
    public void TryParse_AnyText_IsCanonicalExactlyWhenFormatGivesIt()
        => PropertyCheck.ForAll(
            from seconds in Gen.Choose(0, int.MaxValue)
            from fraction in Gen.Elements("", ".0", ".5", ".000000", ".120000", ".123456", ".1234567")
            from zone in Gen.Elements("Z", "z", "+00:00", "-00:00", "+05:45")
            select DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss", null) + fraction + zone,
            text => EventTime.TryParse(Encoding.ASCII.GetBytes(text), out var time, out var isCanonical) && isCanonical == (EventTime.Format(time) == text),
            times: 1000);
}
