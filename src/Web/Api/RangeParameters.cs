using SensorDash.Data.Readings;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>The node and range parameters that several endpoints share.</summary>
internal static class RangeParameters
{
    // The end of year 9999: arithmetic on it does not overflow.
    private const long MaxTime = 253_402_300_799;

    public static readonly WholeParameter NodeAddress = new("node_address", 1, int.MaxValue, "Only this node. 1 to 2147483647.", "12");
    public static readonly WholeParameter StartTime = new("start_time", 0, MaxTime, "Earliest measured time, Unix seconds, inclusive.", "1767225600");
    public static readonly WholeParameter EndTime = new("end_time", 0, MaxTime, "Latest measured time, Unix seconds, inclusive.", "1769904000");

    public static TimeRange ReadRange(QueryReader reader) => ReadRange(reader, StartTime, EndTime);

    public static TimeRange ReadRange(QueryReader reader, WholeParameter startParameter, WholeParameter endParameter)
    {
        var (start, end) = (startParameter.Read(reader), endParameter.Read(reader));
        if (start > end) reader.Error(startParameter.Name, $"must not be after {endParameter.Name} ({start} > {end})");
        return new TimeRange(start, end);
    }

    public static int? ReadNode(QueryReader reader) => (int?)NodeAddress.Read(reader);
}
