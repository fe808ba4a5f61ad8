using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Tests.Support;

/// <summary>A fresh, migrated store of one engine, its clock, and what a contract test must be able to do to it from outside.</summary>
public abstract class StoreFixture : IAsyncDisposable
{
    public ManualTime Clock { get; } = new();

    public abstract IReadingStore Store { get; }

    public abstract INodeStore NodeStore { get; }

    public abstract IStoreHealth Health { get; }

    public abstract IReadingChangeFeed Changes { get; }

    public abstract IDbContextFactory<SensorDashContext> Contexts { get; }

    public NodeDirectory Nodes => new(NodeStore, Contexts, Clock);

    public NodeViews NodeViews => new(NodeStore, Store, Contexts, Clock);

    public StoreAnalytics Analytics => new(Store, NodeStore, Nodes, Clock);

    /// <summary>From now on the engine itself refuses readings of this temperature, as a broken page or a constraint would.</summary>
    public abstract Task RejectValueAsync(short temperatureCentidegrees);

    /// <summary>Keeps every writer out until the answer is disposed.</summary>
    public abstract Task<IAsyncDisposable> LockAsync();

    /// <summary>One number, by a connection of the test's own.</summary>
    public abstract Task<long> ScalarAsync(string sql);

    public abstract ValueTask DisposeAsync();
}
