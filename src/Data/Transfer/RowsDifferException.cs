using SensorDash.Data.Readings;

namespace SensorDash.Data.Transfer;

/// <summary>Two readings of one node and second.</summary>
/// <param name="Source">That of the source.</param>
/// <param name="Target">That of the target.</param>
internal readonly record struct DifferingReading(Reading Source, Reading Target);

/// <summary>The target has some readings with other values than the source; nothing is changed.</summary>
internal sealed class RowsDifferException : Exception
{
    public RowsDifferException()
        : this([])
    {
    }

    public RowsDifferException(string message)
        : base(message)
    {
    }

    public RowsDifferException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public RowsDifferException(IReadOnlyList<DifferingReading> rows)
        : base($"{rows.Count} readings have other values in the target.") => Rows = rows;

    public IReadOnlyList<DifferingReading> Rows { get; } = [];
}

internal static class ReadingValues
{
    /// <summary>Whether two readings are equal; their device is that of their node.</summary>
    public static bool HasValuesOf(this in Reading reading, in Reading other) => reading with { DeviceId = null } == other with { DeviceId = null };
}
