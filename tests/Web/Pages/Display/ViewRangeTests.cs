using NodaTime;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Tests.Pages.Display;

public sealed class ViewRangeTests
{
    private const long Now = 1_793_534_400; // 2026-11-01T12:00:00Z.

    private static readonly DateTimeZone _paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];

    [Theory]
    [InlineData("", 86_400)]
    [InlineData("15m", 900)]
    [InlineData("now-6h", 21_600)]
    [InlineData(" 2d ", 172_800)]
    [InlineData("1w", 604_800)]
    public void Parse_Length_EndsNow(string text, long seconds)
    {
        var range = ViewRange.Parse(text, "", "", _paris, Now);

        Assert.Null(range.Error);
        Assert.Equal((Now - seconds, Now), (range.From, range.To));
        Assert.NotNull(range.Length);
    }

    [Theory]
    [InlineData("banana")]
    [InlineData("0h")]
    [InlineData("99999y")]
    [InlineData("now-2d to yesterday")]
    [InlineData("now to now-1h")]
    public void Parse_Nonsense_ShowsADayAndSaysWhy(string text)
    {
        var range = ViewRange.Parse(text, "", "", _paris, Now);

        Assert.NotNull(range.Error);
        Assert.Equal((Now - 86_400, Now), (range.From, range.To));
    }

    [Fact]
    public void Parse_TwoTimesInWords_IsFixed()
    {
        var range = ViewRange.Parse("now-2d to now-1d", "", "", _paris, Now);

        Assert.Equal((Now - 172_800, Now - 86_400), (range.From, range.To));
        Assert.Null(range.Length);
    }

    [Theory]
    [InlineData("2026-11-01T12:00:00Z", Now)]
    [InlineData("2026-11-01T14:00:00+02:00", Now)]
    [InlineData("2026-11-01 13:00", Now)] // Paris is an hour ahead in November,
    [InlineData("2026-07-01T14:00", 1_782_907_200)] // two in July.
    [InlineData("1793534400", Now)]
    public void ParseTime_EachNotation_SameInstant(string text, long expected) => Assert.Equal(expected, ViewRange.ParseTime(text, _paris, Now));

    [Fact]
    public void ParseTime_SkippedHour_IsMovedOn()
        => Assert.Equal(ViewRange.ParseTime("2026-03-29T03:30", _paris, Now), ViewRange.ParseTime("2026-03-29T02:30", _paris, Now));

    [Theory]
    [InlineData("6h", -43_200, 0)] // Rolling: it ends now.
    [InlineData("now-7h to now-1h", -43_200, 0)] // Half of it would go beyond now.
    [InlineData("now-20h to now-14h", -82_800, -39_600)]
    public void Doubled_NearNow_NeverGoesBeyondIt(string text, long from, long to)
        => Assert.Equal((ClockText.Utc(Now + from), ClockText.Utc(Now + to)), ViewRange.Parse(text, "", "", _paris, Now).Doubled());

    [Theory] // Now is a Sunday in Paris, a week after the clocks went back.
    [InlineData("today", "2026-11-01T00:00:00+01:00", "2026-11-01T13:00:00+01:00")]
    [InlineData("yesterday", "2026-10-31T00:00:00+01:00", "2026-11-01T00:00:00+01:00")]
    [InlineData("This week", "2026-10-26T00:00:00+01:00", "2026-11-01T13:00:00+01:00")]
    [InlineData("last-week", "2026-10-19T00:00:00+02:00", "2026-10-26T00:00:00+01:00")]
    [InlineData("this month", "2026-11-01T00:00:00+01:00", "2026-11-01T13:00:00+01:00")]
    [InlineData("last-month", "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00")]
    public void Parse_CalendarName_IsThatOfTheTimeZone(string text, string from, string to)
    {
        var range = ViewRange.Parse(text, "", "", _paris, Now);

        Assert.Null(range.Error);
        Assert.Equal((At(from), At(to)), (range.From, range.To));
        Assert.Equal(text.ToLowerInvariant().Replace(' ', '-'), range.Name);
    }

    [Fact]
    public void Parse_CalendarNameInAnotherZone_IsAnotherDay()
    {
        var tokyo = ViewRange.Parse("yesterday", "", "", DateTimeZoneProviders.Tzdb["Asia/Tokyo"], Now + 6 * 3600);

        Assert.Equal((At("2026-11-01T00:00:00+09:00"), At("2026-11-02T00:00:00+09:00")), (tokyo.From, tokyo.To));
    }

    [Theory]
    [InlineData("today", true)]
    [InlineData("yesterday", false)]
    [InlineData("this-week", true)]
    [InlineData("last-month", false)]
    public void IsRolling_CalendarRange_OnlyWhileItIsNotOver(string name, bool expected)
        => Assert.Equal(expected, ViewRange.Parse(name, "", "", _paris, Now).IsRolling);

    [Fact]
    public void Shifted_CalendarRange_MovesByDaysAndMonthsNotBySeconds()
    {
        var (yesterday, lastMonth) = (ViewRange.Parse("yesterday", "", "", _paris, Now), ViewRange.Parse("last-month", "", "", _paris, Now));

        Assert.Equal((At("2026-10-30T00:00:00+01:00"), At("2026-10-31T00:00:00+01:00")), Times(yesterday.Shifted(-1)));
        Assert.Equal((At("2026-11-01T00:00:00+01:00"), At("2026-11-02T00:00:00+01:00")), Times(yesterday.Shifted(1)));
        Assert.Equal((At("2026-09-01T00:00:00+02:00"), At("2026-10-01T00:00:00+02:00")), Times(lastMonth.Shifted(-1)));
    }

    [Fact]
    public void Parse_TodayAtMidnight_IsNotEmpty()
    {
        var midnight = At("2026-11-01T00:00:00+01:00");

        Assert.True(ViewRange.Parse("today", "", "", _paris, midnight).Seconds > 0);
    }

    [Fact]
    public void Shifted_ByOne_ContinuesWhereTheRangeEnds()
    {
        var range = ViewRange.Parse("6h", "", "", _paris, Now);

        Assert.Equal((ClockText.Utc(Now), ClockText.Utc(Now + 21_600)), range.Shifted(1));
    }

    private static long At(string time) => DateTimeOffset.Parse(time, null).ToUnixTimeSeconds();

    private static (long From, long To) Times((string From, string To) ends) => (At(ends.From), At(ends.To));
}
