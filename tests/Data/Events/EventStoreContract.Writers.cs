using SensorDash.Data.Events;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public abstract partial class EventStoreContract
{
    [SkippableFact]
    public async Task Append_NewEvents_WakesFollowersAndDuplicatesDoNot()
    {
        var commits = new EventCommitFeed();
        Store = Open(commits);
        var first = commits.NextCommit;
        await AddAsync(Raw(), Parsed());
        Assert.True(first.IsCompleted);

        var next = commits.NextCommit;
        await AddAsync(Parsed(), Raw());
        Assert.False(next.IsCompleted);
    }
}
