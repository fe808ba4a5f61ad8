using NodaTime;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Export;

/// <summary>How times are written.</summary>
public enum CsvTime
{
    /// <summary>Unix seconds.</summary>
    Unix,

    /// <summary>ISO 8601, UTC.</summary>
    Iso,

    /// <summary>ISO 8601 with the offset of the selected time zone.</summary>
    Local,
}

/// <summary>The content of a line of the file.</summary>
public enum CsvResolution
{
    /// <summary>One reading.</summary>
    Raw,

    /// <summary>One node in one hour of the selected time zone.</summary>
    Hourly,

    /// <summary>One node in one day of the selected time zone.</summary>
    Daily,
}

/// <summary>All options that determine the bytes of an export.</summary>
public sealed record CsvOptions
{
    public ReadingFilter Filter { get; init; }

    public ReadingOrder Order { get; init; }

    public CsvResolution Resolution { get; init; }

    public CsvTime Time { get; init; }

    /// <summary>For local times and calendar buckets.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>Column separator: comma, semicolon or tab.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>Decimal separator: dot or comma.</summary>
    public char DecimalMark { get; init; } = '.';

    /// <summary>Start with a byte order mark, so that Excel detects UTF-8.</summary>
    public bool ByteOrderMark { get; init; }

    /// <summary>Names from <see cref="CsvColumns"/>, in the requested order; empty means the default columns.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>End with a comment line that has the row count and the SHA-256 of all text before it.</summary>
    public bool Footer { get; init; }

    /// <summary>Compress the file itself.</summary>
    public bool Gzip { get; init; }
}

/// <summary>The checksum of a file.</summary>
/// <param name="Rows">Lines, header and footer not counted.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Sha256">Of the file, 64 lower-case hexadecimal digits.</param>
public sealed record ExportChecksum(long Rows, long Bytes, string Sha256);
