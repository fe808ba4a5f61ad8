using SensorDash.Data.Timescale;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Unix times as the numbers that PostgreSQL counts from 2000.</summary>
public sealed class PgTimeTests
{
    [Theory]
    [InlineData(0, -946_684_800_000_000)]
    [InlineData(946_684_800_000_000, 0)]
    [InlineData(946_684_799_999_999, -1)]
    [InlineData(253_402_300_799_999_999, 252_455_615_999_999_999)]
    [InlineData(-210_866_803_200_000_000, -211_813_488_000_000_000)]
    [InlineData(-210_866_803_200_000_001, long.MinValue)]
    [InlineData(long.MinValue, long.MinValue)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void OfMicroseconds_IsExactOrInfinite(long time, long raw) => Assert.Equal(raw, PgTime.OfMicroseconds(time));

    [Theory]
    [InlineData(0, -946_684_800_000_000)]
    [InlineData(4_294_967_295, 3_348_282_495_000_000)]
    [InlineData(9_223_372_036_854, long.MaxValue)]
    [InlineData(9_223_372_036_853, 9_222_425_352_053_000_000)]
    [InlineData(-210_866_803_201, long.MinValue)]
    [InlineData(long.MinValue, long.MinValue)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void OfSeconds_IsExactOrInfinite(long time, long raw) => Assert.Equal(raw, PgTime.OfSeconds(time));
}
