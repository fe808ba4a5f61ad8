using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

/// <summary>Different events with the same id: its parts are joined without separators.</summary>
public abstract partial class EventStoreContract
{
    public static TheoryData<int> CollidingPairs => [.. Enumerable.Range(0, Pairs.Length)];

    private static (LaneEvent Stored, LaneEvent Other)[] Pairs => [
        (Command(scope: "a", request: "commandb"), Command(scope: "acommand", request: "b")),
        (Command(request: "c1:CommandProgress"), Command(id: "c1")),
        (Raw(connection: "c", text: "2026-07-01T14:00:00+02:00", frame: "1"), Raw(scope: "sraw", connection: "c", text: "2026-07-01T14:00:00+02:00", frame: "1")),
        (Parsed(scope: "s", stream: "parsedx"), Parsed(scope: "sparsed", stream: "x")),
        (Ui(unique: "u:v", view: "w"), Ui(unique: "u", view: "v:w")),
        (Metadata(stream: "x"), Metadata(stream: null, manifest: "x")),
        (Metadata(stream: "x:y", type: "z"), Metadata(stream: "x", type: "y:z")),
    ];

    [SkippableTheory]
    [MemberData(nameof(CollidingPairs))]
    public async Task Append_OtherEventWithTheSameId_IsACollisionInTheBatchAndLater(int pair)
    {
        var (stored, other) = Pairs[pair];
        if (pair == 2) other = SameId(stored, other); // As when the producer's ids are trusted.
        Assert.Equal(stored.Id, other.Id);

        Assert.Equal([RowOutcome.Inserted, RowOutcome.Collision, RowOutcome.Duplicate], await AddAsync(stored, other, stored));
        Assert.Equal([RowOutcome.Collision, RowOutcome.Duplicate, RowOutcome.Collision], await AddAsync(other, stored, other));
        Assert.Equal([RowOutcome.Inserted, RowOutcome.Collision], await AddAsync(Raw(frame: "unrelated"), other));

        Assert.Equal([Describe(stored), Describe(Raw(frame: "unrelated"))], (await AllAsync()).Select(Describe));
    }

    [SkippableFact]
    public async Task Append_RequestsWithTheSameIdAndAThirdEvent_StoresTheFirstAndEachRequestUnderItsEvent()
    {
        var (first, second, third) = (Command(scope: "a", request: "commandb"), Command(scope: "acommand", request: "b"), Command(scope: "a", request: "third"));

        Assert.Equal([RowOutcome.Inserted, RowOutcome.Collision, RowOutcome.Inserted], await AddAsync(first, second, third));

        Assert.Equal(2, await Fixture.ScalarAsync("SELECT count(*) FROM command_requests r JOIN command_events e ON e.event_id = r.event_id AND e.request_id = r.request_id"));
        Assert.Equal(2, await Fixture.ScalarAsync("SELECT count(*) FROM command_requests"));
    }

    [SkippableFact]
    public async Task Append_RequestThatCollides_LeavesItsRequestIdToAnotherEvent()
    {
        var (stored, colliding) = (Command(scope: "a", request: "commandb"), Command(scope: "acommand", request: "b"));
        await AddAsync(stored);

        var outcomes = await AddAsync(colliding, Command(Noon + 1, scope: "acommand", request: "b"), Command(Noon + 2, scope: "acommand", request: "b"));

        Assert.Equal([RowOutcome.Collision, RowOutcome.Inserted, RowOutcome.AlreadyAccepted], outcomes);
    }

    private static LaneEvent SameId(LaneEvent stored, LaneEvent other)
    {
        other.Id = stored.Id;
        return other;
    }
}
