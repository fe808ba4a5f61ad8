using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Tests.Support;

/// <summary>A new, migrated store of one engine, its clock, and the external operations that contract tests need.</summary>
public abstract class StoreFixture : IAsyncDisposable
{
    public ManualTime Clock { get; } = new();

    /// <summary>The limit of the store; a change applies to the next batch.</summary>
    public NodeLimitOptions NodeLimit { get; } = new();

    public abstract IReadingStore Store { get; }

    public abstract INodeStore NodeStore { get; }

    public abstract IStoreHealth Health { get; }

    public abstract IReadingChangeFeed Changes { get; }

    public abstract IDbContextFactory<SensorDashContext> Contexts { get; }

    /// <summary>The batches of readings.</summary>
    public abstract IBatchLog Batches { get; }

    /// <summary>The batches of events.</summary>
    public abstract IBatchLog EventBatches { get; }

    public abstract IWriterLock WriterLock { get; }

    public NodeDirectory Nodes => new(NodeStore, Contexts, WriterLock, Clock);

    public ZoneDirectory Zones => new(Contexts, WriterLock);

    public AuditLog Audit => new(Contexts, WriterLock, Options.Create(new AuditOptions()), Clock, NullLogger<AuditLog>.Instance);

    public NodeViews NodeViews => new(NodeStore, Store, Contexts, Clock);

    public StoreAnalytics Analytics => new(Store, NodeStore, Nodes, Clock);

    /// <summary>From now on the engine itself rejects readings with this temperature, like a corrupt page or a constraint.</summary>
    public abstract Task RejectValueAsync(short temperatureCentidegrees);

    /// <summary>Blocks all writers until the result is disposed.</summary>
    public abstract Task<IAsyncDisposable> LockAsync();

    /// <summary>One number, over a separate connection of the test.</summary>
    public abstract Task<long> ScalarAsync(string sql);

    /// <summary>A time in SQL, from Unix microseconds.</summary>
    public virtual string Microseconds(long time) => time.ToString(CultureInfo.InvariantCulture);

    /// <summary>A time in SQL, from Unix seconds.</summary>
    public virtual string Seconds(long time) => time.ToString(CultureInfo.InvariantCulture);

    public abstract ValueTask DisposeAsync();
}
