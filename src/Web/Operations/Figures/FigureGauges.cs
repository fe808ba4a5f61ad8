using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Streaming;
using SensorDash.Web.Streaming;

namespace SensorDash.Web.Operations.Figures;

/// <summary>The figures that have a value at any moment, other than rates, percentiles and what a store must be asked for.</summary>
internal sealed class FigureGauges(WriteBuffer<Reading> readings, WriteBuffer<LaneEvent> events, StreamLimit streams, EventFeed feed, IDuckDbSource duckDb, FigureListener listener)
{
    public FigureSample Read()
    {
        var pool = listener.ReadPool();
        return new()
        {
            [Figure.QueuedReadings] = readings.RowsWaiting,
            [Figure.QueuedEvents] = events.RowsWaiting,
            [Figure.Streams] = streams.Count,
            [Figure.StreamLag] = feed.Lag.TotalSeconds,
            [Figure.SidePathLag] = duckDb.Lag?.Rows,
            [Figure.ConnectionsBusy] = pool?.Busy,
            [Figure.ConnectionsIdle] = pool?.Idle,
            [Figure.ConnectionsWaiting] = pool?.Waiting,
            [Figure.Resident] = Environment.WorkingSet,
            [Figure.Managed] = GC.GetTotalMemory(forceFullCollection: false),
        };
    }
}
