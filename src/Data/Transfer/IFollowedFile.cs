using SensorDash.Data.Events;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Transfer;

/// <summary>The canonical time that an event got in the target, because the target had later events when it arrived.</summary>
/// <param name="Lane">Of the event.</param>
/// <param name="RowId">Its row in the source.</param>
/// <param name="Time">Unix microseconds.</param>
public readonly record struct GivenTime(Lane Lane, long RowId, long Time);

/// <summary>An event of a former system with its row.</summary>
/// <param name="Event">The event; its canonical time is that of the target.</param>
/// <param name="RowId">Its row in the source.</param>
/// <param name="Time">Its canonical time in the source, Unix microseconds.</param>
public readonly record struct FollowedEvent(LaneEvent Event, long RowId, long Time);

/// <summary>Rows that another program has added.</summary>
/// <param name="Readings">In the order of their rows.</param>
/// <param name="ReadingRows">The row of each.</param>
/// <param name="Events">By canonical time, lane and row.</param>
/// <param name="Rejects">Rows that no store can hold.</param>
/// <param name="Warnings">What is unusual about some rows, by kind.</param>
/// <param name="UpTo">The last row of each table that was read, also of rejected rows.</param>
public sealed record FollowedRows(
    IReadOnlyList<Reading> Readings, IReadOnlyList<long> ReadingRows, IReadOnlyList<FollowedEvent> Events, IReadOnlyList<Reject> Rejects, IReadOnlyDictionary<string, long> Warnings,
    IReadOnlyDictionary<string, long> UpTo);

/// <summary>A file of a former system that its program goes on writing; its tables are followed by row id.</summary>
public interface IFollowedFile : ITransferSource
{
    /// <summary>The table of readings.</summary>
    string ReadingTable { get; }

    /// <summary>The table of a lane.</summary>
    string TableOf(Lane lane);

    /// <summary>The newest row of each table.</summary>
    IReadOnlyDictionary<string, long> ReadRowIds();

    /// <summary>From now on the source consists of the rows up to these, and these events have the times that they were given.</summary>
    /// <param name="upTo">By table.</param>
    /// <param name="given">By lane and row.</param>
    void Limit(IReadOnlyDictionary<string, long> upTo, IEnumerable<GivenTime> given);

    /// <summary>Reads the rows after these, of each table at most <paramref name="limit"/>.</summary>
    FollowedRows ReadNew(IReadOnlyDictionary<string, long> after, int limit, CancellationToken cancellationToken);

    /// <summary>Reads nodes, metadata and zones again.</summary>
    SmallTables ReadSmallTablesAgain(CancellationToken cancellationToken);

    /// <summary>A reject of a reading that <see cref="ReadNew"/> returned.</summary>
    Reject RejectReading(long rowId, string reason);

    /// <summary>A reject of an event that <see cref="ReadNew"/> returned.</summary>
    Reject RejectEvent(FollowedEvent row, string column, string reason);
}
