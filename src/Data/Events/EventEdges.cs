namespace SensorDash.Data.Events;

/// <summary>Where the events of each lane begin, canonical times in Unix microseconds: a lane has none before its edge, except metadata and checkpoints that stay in effect. 0: it never lost any.</summary>
/// <remarks>An edge moves in the transaction that deletes the events before it, so queries need not compare with it, and what they return does not depend on how an engine deletes (ADR 0040).</remarks>
public sealed record EventEdges(long Metadata = 0, long Command = 0, long Ui = 0, long Parsed = 0, long Raw = 0)
{
    public static EventEdges None { get; } = new();

    /// <summary>The columns of <c>store_info</c>, in the order of <see cref="Lanes.All"/>.</summary>
    internal static string Columns { get; } = string.Join(", ", Lanes.All.Select(ColumnOf));

    /// <summary>The edge of a lane.</summary>
    public long this[Lane lane] => lane switch
    {
        Lane.Metadata => Metadata,
        Lane.Command => Command,
        Lane.Ui => Ui,
        Lane.Parsed => Parsed,
        _ => Raw,
    };

    /// <summary>The time from which all lanes together are complete.</summary>
    public long Oldest => Lanes.All.Min(lane => this[lane]);

    /// <summary>The time from which all of some lanes are complete.</summary>
    public long OfAll(IEnumerable<Lane> lanes) => lanes.Select(lane => this[lane]).DefaultIfEmpty().Max();

    internal static string ColumnOf(Lane lane) => lane.Name() + "_edge";

    /// <param name="edges">In the order of <see cref="Lanes.All"/>.</param>
    internal static EventEdges Of(ReadOnlySpan<long> edges) => new(edges[0], edges[1], edges[2], edges[3], edges[4]);
}
