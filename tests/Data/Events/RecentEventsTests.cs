using SensorDash.Data.Events;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

/// <summary>Commits of this process during a read of the store stay in memory; those of a store that was replaced do not.</summary>
public sealed class RecentEventsTests
{
    private readonly RecentEvents _recent = new();

    public RecentEventsTests()
    {
        _recent.Want(true);
        Assert.Equal(-1, _recent.FindGap());
        _recent.AddHead(Head(Noon));
    }

    [Fact]
    public void AddHead_CommitDuringTheRead_KeepsTheCommit()
    {
        _recent.NoteCommit(null);
        Assert.Equal(-1, _recent.FindGap());

        Add(Noon, Noon + 1);
        _recent.AddHead(Head(Noon));

        Assert.Equal((RecentSearch.Found, Noon + 1), (Find(Noon), _recent.KnownHead));
        Assert.Null(_recent.FindGap());
    }

    [Fact]
    public void AddHead_FirstCommitDuringTheFirstRead_KeepsTheCommit()
    {
        _recent.Want(false);
        _recent.Want(true);
        Assert.Equal(-1, _recent.FindGap());

        Add(Noon, Noon + 1);
        _recent.AddHead(Head(Noon));

        Assert.Equal((RecentSearch.Found, Noon + 1), (Find(Noon), _recent.KnownHead));
    }

    [Fact]
    public void AddRead_CommitsDuringTheRead_KeepsTheCommits()
    {
        _recent.NoteCommit(Noon + 1); // The database tells of a commit of this process too, and may be first.
        Assert.Equal(Noon, _recent.FindGap());

        Add(Noon, Noon + 1);
        Add(Noon + 1, Noon + 2);
        _recent.AddRead(Noon, new(Head(Noon + 1), Noon + 1, [At(Noon + 1)]), RecentEvents.Complete);

        Assert.Equal((RecentSearch.Found, Noon + 2), (Find(Noon), _recent.KnownHead));
        Assert.Equal(RecentSearch.Found, Find(Noon + 1));
        Assert.Null(_recent.FindGap());
    }

    [Theory]
    [InlineData("a", -1)]
    [InlineData("b", 0)]
    public void AddHead_StoreWasReplaced_StartsAgainAtItsHead(string epoch, int position)
    {
        Add(Noon, Noon + 1);
        _recent.NoteCommit(null);
        Assert.Equal(-1, _recent.FindGap());

        _recent.AddHead(Head(Noon + position, epoch));

        Assert.Equal((epoch, Noon + position), (_recent.Epoch, _recent.KnownHead));
        Assert.Equal(RecentSearch.Dropped, _recent.Find(Noon + position - 1, epoch, 1, out _));
        Assert.Equal(RecentSearch.None, _recent.Find(Noon + position, epoch, 1, out _));
    }

    [Theory]
    [InlineData("a", -1)]
    [InlineData("b", 5)]
    public void AddRead_StoreWasReplaced_StartsAgainAtItsHead(string epoch, int position)
    {
        _recent.NoteCommit(Noon + 1);
        Assert.Equal(Noon, _recent.FindGap());

        _recent.AddRead(Noon, new(Head(Noon + position, epoch), Noon + position, []), RecentEvents.Complete);

        Assert.Equal((epoch, Noon + position), (_recent.Epoch, _recent.KnownHead));
        Assert.Equal(RecentSearch.None, _recent.Find(Noon + position, epoch, 1, out _));
    }

    private static EventHead Head(long position, string epoch = "a") => new(epoch, Noon, position);

    private static RawEvent At(long time)
    {
        var added = Raw(time);
        added.CanonicalTime = time;
        return added;
    }

    private void Add(long prev, long time) => _recent.Add(prev, [At(time)]);

    private RecentSearch Find(long after) => _recent.Find(after, "a", 1, out _);
}
