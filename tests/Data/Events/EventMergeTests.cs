using SensorDash.Data.Events;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public sealed class EventMergeTests
{
    private static readonly EventFilter _twos = new() { Lanes = [Lane.Parsed], Payload = [new PayloadCondition("n", "2")] };

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 101)] // To say that nothing follows, the lane is read to its end.
    public void ReadUntilBlocked_PageIsFull_ReadsOnOnlyToTellWhatFollows(bool endsAtLimit, int reads)
    {
        var query = new EventQuery(_twos, Timebase.Source, EventDirection.Forward, Limit: 1) { EndsAtLimit = endsAtLimit };
        var rows = new CountedRows(query, [.. Enumerable.Range(0, 100).Select(i => Parsed(Noon + i, payload: $"{{\"n\":{i}}}"))]);
        var merge = new EventMerge<CountedRows>([rows], query);

        Assert.Null(merge.ReadUntilBlocked(CancellationToken.None));

        Assert.Equal(Noon + 2, Assert.Single(merge.Page!.Events).SourceTime);
        Assert.Equal(reads, rows.Reads);
        Assert.Equal(endsAtLimit, merge.Page.Next is not null);
    }

    private sealed class CountedRows(EventQuery query, LaneEvent[] events) : LaneRows(query)
    {
        public int Reads { get; private set; }

        protected override bool TryRead(out LaneEvent? next)
        {
            next = Reads < events.Length ? events[Reads] : null;
            Reads++;
            return true;
        }
    }
}
