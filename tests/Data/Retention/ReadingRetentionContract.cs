using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Retention;

/// <summary>Retention of readings by node and zone: the same readings are left on every engine.</summary>
public abstract class ReadingRetentionContract : IAsyncLifetime
{
    private const long Day = 86_400;
    private const int Nodes = 6;

    // Node 1 has the default, 2 and 3 a zone, 4 more than its zone, 5 everything, 6 less.
    private readonly RetentionOptions _options = new() { Readings = new() { Default = 10, Zones = { ["garden"] = 20 }, Nodes = { ["4"] = 35, ["5"] = 0, ["6"] = 3 } } };

    protected StoreFixture Fixture { get; private set; } = null!;

    private IReadingStore Store => Fixture.Store;

    public async Task InitializeAsync() => Fixture = await CreateFixtureAsync();

    public async Task DisposeAsync()
    {
        if (Fixture is not null) await Fixture.DisposeAsync();
    }

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    private RetentionRules Rules => new(Fixture.Contexts, Fixture.NodeStore, Options.Create(_options), Fixture.Clock);

    private RetentionRun Run(RetentionRules? rules = null) => new(Store, Fixture.NodeStore, new NoEvents(), rules ?? Rules, Fixture.Clock);

    [SkippableFact]
    public async Task Run_DefaultZonesAndNodes_LeavesTheReadingsThatEachKeeps()
    {
        var all = await AddSixtyDaysAsync();

        await Run().RemoveReadingsAsync(default);

        var midnight = Noon - (Noon % Day);
        int[] days = [0, 10, 20, 20, 35, 1000, 3];
        var expected = all.Where(r => r.Timestamp >= midnight - (days[r.NodeAddress] * Day)).ToList();
        Assert.Equal(expected.OrderBy(r => (r.NodeAddress, r.Timestamp)), (await Store.AllAsync()).OrderBy(r => (r.NodeAddress, r.Timestamp)));
        foreach (var node in await Fixture.NodeStore.ListAsync(default))
        {
            var own = expected.Where(r => r.NodeAddress == node.Address).ToList();
            Assert.Equal((own.Count, own.Min(r => r.Timestamp), own.Max(r => r.Timestamp)), (node.TotalReadings, node.FirstSeenAt, node.LastSeenAt));
        }
        Assert.Equal(expected.Count, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));
        await AssertHashAsync(expected);
    }

    [SkippableFact]
    public async Task Run_KilledBetweenSlices_IsContinuedByTheNext()
    {
        await AddSixtyDaysAsync();
        for (var left = await Store.CountAsync(default, default); ;)
        {
            var (run, slices) = (Run(), 0);
            run.Removed += _ =>
            {
                if (++slices == 2) throw new InvalidOperationException("Killed.");
            };
            try
            {
                await run.RemoveReadingsAsync(default);
                break;
            }
            catch (InvalidOperationException)
            {
                var now = await Store.CountAsync(default, default);
                Assert.True(now < left);
                left = now;
                await AssertHashAsync(await Store.AllAsync());
            }
        }
        Assert.Equal((3 + 1) * 4, await Store.CountAsync(new(6, default), default));
        Assert.Equal(60 * 4, await Store.CountAsync(new(5, default), default));
    }

    [SkippableFact]
    public async Task Run_ZoneOrNodeThatDoesNotExist_DeletesNothingAndSaysSo()
    {
        await AddSixtyDaysAsync();
        (_options.Readings.Zones["gardn"], _options.Readings.Nodes["77"]) = (40, 40);
        var rules = Rules;

        await Run(rules).RemoveReadingsAsync(default);

        Assert.Equal(Nodes * 60 * 4, await Store.CountAsync(default, default));
        Assert.Equal(["Retention:Readings:Zones:gardn: zone gardn not found.", "Retention:Readings:Nodes:77: node 77 not found."], rules.Errors);
        var outcomes = new RowOutcome[1];
        await new ReadingRetentionGate(Store, rules, Fixture.Clock).AppendAsync(new[] { Reading(77, Noon - (50 * Day)) }, outcomes, default);
        Assert.Equal(RowOutcome.Inserted, outcomes[0]);
        await Fixture.Zones.AddAsync(new Zone { Name = "gardn" }, default);

        await Run(rules).RemoveReadingsAsync(default); // Now node 77 is there, too.

        Assert.Empty(rules.Errors);
        Assert.Equal(0, await Store.CountAsync(new(77, default), default));
    }

    [SkippableFact]
    public async Task RemoveBefore_NodeWithManyReadings_TakesAFewInEachStep()
    {
        await Store.AddAsync([.. Some.Run(1, 12_000), .. Some.Run(2, 12_000), Reading(3)]);
        List<NodeRemoval> due = [new(1, Noon), new(2, Noon), new(3, Noon)];
        var steps = new List<long>();
        while (due.Count > 0)
        {
            var (rows, done) = await Store.RemoveBeforeAsync(due, default);
            steps.Add(rows);
            due.RemoveRange(0, done);
            await AssertHashAsync(await Store.AllAsync());
        }

        Assert.Equal(2 * 11_999, steps.Sum());
        Assert.All(steps, rows => Assert.InRange(rows, 0, StepRows));
        Assert.Equal([1, 2, 3], (await Store.AllAsync()).Select(r => r.NodeAddress).Order());
    }

    protected virtual long StepRows => NodeCriteria.ReadingsPerStep;

    [SkippableFact]
    public async Task Gate_ReadingsOlderThanTheirNodeKeeps_AreRejectedAndTheOthersStored()
    {
        await AddSixtyDaysAsync();
        var rules = Rules;
        await rules.ReadAsync(default);
        var gate = new ReadingRetentionGate(Store, rules, Fixture.Clock);
        var outcomes = new RowOutcome[5];

        var added = await gate.AppendAsync(
            new[] { Reading(1, Noon - (15 * Day) + 1), Reading(2, Noon - (15 * Day) + 1), Reading(5, Noon - (400 * Day)), Reading(9, Noon - (15 * Day)), Reading(1, Noon + 1) }, outcomes, default);

        Assert.Equal(3, added);
        Assert.Equal([RowOutcome.TooOld, RowOutcome.Inserted, RowOutcome.Inserted, RowOutcome.TooOld, RowOutcome.Inserted], outcomes);
        Assert.Null(await Fixture.NodeStore.FindAsync(9, default));
    }

    private async Task<List<Reading>> AddSixtyDaysAsync()
    {
        var all = new List<Reading>();
        for (var day = 0; day < 60; day++)
        {
            Reading[] batch = [.. from node in Enumerable.Range(1, Nodes) from hour in Enumerable.Range(0, 4) select Reading(node, Noon - (day * Day) - (hour * 3 * 3600), (short)(day + hour))];
            await Store.AddAsync(batch);
            all.AddRange(batch);
        }
        var zone = new Zone { Name = "Garden" };
        await Fixture.Zones.AddAsync(zone, default);
        foreach (var node in (int[])[2, 3, 4])
        {
            var patch = new NodeMetadataPatch();
            patch.SetZone(zone.Id);
            await Fixture.Nodes.EditMetadataAsync(node, patch, default);
        }
        return all;
    }

    private async Task AssertHashAsync(IEnumerable<Reading> left)
    {
        var batches = 0L;
        for (var id = 1; id <= await Fixture.ScalarAsync("SELECT CAST(max(id) AS BIGINT) FROM ingest_batches"); id++)
            batches = unchecked(batches + await Fixture.ScalarAsync(FormattableString.Invariant($"SELECT rows_hash FROM ingest_batches WHERE id = {id}")));
        Assert.Equal(left.Aggregate(0L, (sum, r) => unchecked(sum + ReadingHash.Of(r))), batches);
    }

    private sealed class NoEvents : IEventRemoval
    {
        public Task<EventEdges> ReadEdgesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<EventSlice> RemoveSliceAsync(Lane lane, long edge, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IndexSlice> RemoveIndexSliceAsync(IndexBounds bounds, IndexPosition after, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<EventRemovalPreview> PreviewAsync(Lane lane, long edge, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
