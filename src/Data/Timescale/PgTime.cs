using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace SensorDash.Data.Timescale;

/// <summary>Times in the tables of PostgreSQL: <c>timestamptz</c>, which the driver sends and returns as the raw 64-bit number, without a date type between.</summary>
internal static class PgTime
{
    /// <summary>The type of every time.</summary>
    public const NpgsqlDbType Type = NpgsqlDbType.TimestampTz;

    /// <summary>2000-01-01T00:00:00Z in Unix microseconds: PostgreSQL counts from there.</summary>
    public const long Origin = 946_684_800_000_000;

    private const long MicrosecondsPerSecond = 1_000_000;

    // 4714-11-24 BC. An earlier time is infinite, and so is the highest number: an open range needs no other statement.
    private const long Earliest = -211_813_488_000_000_000 + Origin;

    /// <summary>The raw number for Unix microseconds.</summary>
    public static long OfMicroseconds(long time) => time switch
    {
        < Earliest => long.MinValue,
        long.MaxValue => long.MaxValue,
        _ => time - Origin,
    };

    /// <summary>The raw number for Unix seconds.</summary>
    public static long OfSeconds(long time) => time switch
    {
        <= Earliest / MicrosecondsPerSecond => long.MinValue,
        >= long.MaxValue / MicrosecondsPerSecond => long.MaxValue,
        _ => OfMicroseconds(time * MicrosecondsPerSecond),
    };

    /// <summary>Unix microseconds of Unix seconds, as far as there are.</summary>
    public static long MicrosecondsOf(long seconds) => seconds >= long.MaxValue / MicrosecondsPerSecond ? long.MaxValue
        : seconds <= long.MinValue / MicrosecondsPerSecond ? long.MinValue : seconds * MicrosecondsPerSecond;

    /// <summary>Reads a time in Unix microseconds.</summary>
    public static long GetMicroseconds(this DbDataReader row, int column) => row.GetFieldValue<long>(column) + Origin;

    /// <summary>Reads a time in Unix seconds.</summary>
    public static long GetSeconds(this DbDataReader row, int column) => FloorSeconds(row.GetMicroseconds(column));

    /// <summary>A parameter of Unix microseconds.</summary>
    public static NpgsqlParameter Microseconds(long time) => Raw(OfMicroseconds(time));

    /// <summary>A parameter of Unix seconds.</summary>
    public static NpgsqlParameter Seconds(long time) => Raw(OfSeconds(time));

    /// <inheritdoc cref="Microseconds(long)"/>
    public static NpgsqlParameter Microseconds(IEnumerable<long> times) => Raw(times.Select(OfMicroseconds));

    /// <inheritdoc cref="Seconds(long)"/>
    public static NpgsqlParameter Seconds(IEnumerable<long> times) => Raw(times.Select(OfSeconds));

    private static NpgsqlParameter<long> Raw(long time) => new() { NpgsqlDbType = Type, TypedValue = time };

    private static NpgsqlParameter<long[]> Raw(IEnumerable<long> times) => new() { NpgsqlDbType = NpgsqlDbType.Array | Type, TypedValue = [.. times] };

    // Another program may have written a fraction of a second.
    private static long FloorSeconds(long microseconds)
        => microseconds >= 0 ? microseconds / MicrosecondsPerSecond : ((microseconds + 1) / MicrosecondsPerSecond) - 1;
}
