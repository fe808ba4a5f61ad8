using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

/// <summary>Batches that every follower has passed are merged; followers, sums and hashes do not notice.</summary>
public abstract partial class ReadingChangeFeedContract
{
    private const int Batches = 40;

    [SkippableFact]
    public async Task Merge_NobodyFollows_LeavesTheNewestBatchAndTheSums()
    {
        await AddBatchesAsync();
        await Fixture.NodeStore.DeleteAsync(3, default);
        await Store.RemoveBeforeAsync(Noon + 5, default);
        await Store.AddAsync(Reading(50));
        var newest = await Fixture.ScalarAsync("SELECT max(id) FROM ingest_batches");
        var all = await Store.AllAsync();

        await MergeAsync();

        Assert.Equal(2, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"));
        Assert.Equal(newest, await Fixture.ScalarAsync("SELECT max(id) FROM ingest_batches"));
        Assert.Equal(all.Count, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));
        Assert.Equal(HashOf(all), await HashOfBatchesAsync());
        Assert.Equal(0, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches WHERE removed_node IS NOT NULL OR removed_before IS NOT NULL"));
        // The bounds still find every row.
        Assert.Equal(all.Order(_byKey), (await ReadAllChangesAsync(0)).Order(_byKey));
        Assert.Equal(2, await Store.AddAsync(Reading(51), Reading(52)));
        Assert.Equal(newest + 1, await Fixture.ScalarAsync("SELECT max(id) FROM ingest_batches"));
    }

    [SkippableFact]
    public async Task Merge_FollowersAtTwoPlaces_KeepsWhatTheSlowerOneNeeds()
    {
        await AddBatchesAsync();
        await Fixture.Batches.FollowAsync("slow", 20, default);
        await Fixture.Batches.FollowAsync("fast", 35, default);
        var committedAt = await Changes.FindCommittedAtAsync(20, default);
        var next = await ReadAllChangesAsync(20);

        await MergeAsync();

        // The one behind it, its own, and all after it.
        Assert.Equal(Batches - 18, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"));
        Assert.Equal(committedAt, await Changes.FindCommittedAtAsync(20, default));
        Assert.Null(await Changes.FindCommittedAtAsync(18, default));
        Assert.Equal(next, await ReadAllChangesAsync(20));

        await Fixture.Batches.FollowAsync("slow", 36, default);
        await MergeAsync();
        Assert.NotNull(await Changes.FindCommittedAtAsync(35, default));
        Assert.Equal(Batches - 33, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"));
    }

    [SkippableFact]
    public async Task Merge_FollowerSilentForLongerThanTheLimit_IsForgotten()
    {
        await AddBatchesAsync();
        await Fixture.Batches.FollowAsync("it's gone", 2, default);
        Fixture.Clock.Advance(Follower.Limit - TimeSpan.FromMinutes(1));
        await Fixture.Batches.FollowAsync("here", 30, default);
        await MergeAsync();
        Assert.Equal(["here", "it's gone"], (await Fixture.Batches.ListFollowersAsync(default)).Select(f => f.Name));
        Assert.NotNull(await Changes.FindCommittedAtAsync(3, default));

        Fixture.Clock.Advance(TimeSpan.FromMinutes(2));
        await MergeAsync();

        Assert.Equal([("here", 30L)], (await Fixture.Batches.ListFollowersAsync(default)).Select(f => (f.Name, f.Cursor)));
        Assert.Null(await Changes.FindCommittedAtAsync(3, default));
    }

    // A copy that follows at random moments, while batches are merged at random moments.
    [SkippableFact]
    public async Task Merge_WhileAFollowerReadsAtRandomMoments_ItsCopyEqualsTheStore()
    {
        var random = new Random(11);
        var (cursor, copy) = (0L, new Dictionary<(int, long), Reading>());
        await Fixture.Batches.FollowAsync("copy", 0, default);
        for (var step = 0; step < 120; step++)
        {
            switch (random.Next(8))
            {
                case < 4:
                    await Store.AddAsync([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Reading(random.Next(1, 6), Noon + random.Next(300)))]);
                    break;
                case 4:
                    await Fixture.NodeStore.DeleteAsync(random.Next(1, 6), default);
                    break;
                case 5:
                    await Store.RemoveBeforeAsync(Noon + random.Next(60), default);
                    break;
                case 6:
                    await MergeAsync();
                    break;
                default:
                    cursor = await FollowAsync(copy, cursor);
                    await Fixture.Batches.FollowAsync("copy", cursor, default);
                    break;
            }
        }
        await FollowAsync(copy, cursor);

        var all = await Store.AllAsync();
        Assert.Equal(all.Order(_byKey), copy.Values.Order(_byKey));
        Assert.Equal(HashOf(all), await HashOfBatchesAsync());
        Assert.Equal(all.Count, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));
    }

    private static readonly Comparer<Reading> _byKey = Comparer<Reading>.Create((a, b) => (a.NodeAddress, a.Timestamp).CompareTo((b.NodeAddress, b.Timestamp)));

    private async Task AddBatchesAsync()
    {
        for (var i = 0; i < Batches; i++) await Store.AddAsync(Reading(1 + (i % 5), Noon + i), Reading(20, Noon - i));
    }

    private async Task MergeAsync()
    {
        for (long? after = 0; after is not null;) after = await Fixture.Batches.MergeStepAsync(after.Value, default);
    }

    private async Task<List<Reading>> ReadAllChangesAsync(long after)
    {
        var added = new List<Reading>();
        while (await Changes.ReadChangesAsync(after, default) is var changes && changes.UpTo > after)
        {
            added.AddRange(changes.Added.Order(_byKey));
            after = changes.UpTo;
        }
        return added;
    }

    private async Task<long> FollowAsync(Dictionary<(int, long), Reading> copy, long cursor)
    {
        while (await Changes.ReadChangesAsync(cursor, default) is var changes && changes.UpTo > cursor)
        {
            foreach (var (node, before) in changes.RemovedNodes)
                foreach (var key in copy.Keys.Where(k => k.Item1 == node && k.Item2 < (before ?? long.MaxValue)).ToList()) copy.Remove(key);
            foreach (var key in copy.Keys.Where(k => k.Item2 < (changes.RemovedBefore ?? long.MinValue)).ToList()) copy.Remove(key);
            foreach (var reading in changes.Added) copy.Add((reading.NodeAddress, reading.Timestamp), reading);
            cursor = changes.UpTo;
        }
        return cursor;
    }

    private static long HashOf(IEnumerable<Reading> readings) => readings.Aggregate(0L, (sum, reading) => unchecked(sum + ReadingHash.Of(reading)));

    private async Task<long> HashOfBatchesAsync()
    {
        var (sum, count) = (0L, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"));
        for (var i = 0; i < count; i++) sum = unchecked(sum + await Fixture.ScalarAsync($"SELECT rows_hash FROM ingest_batches ORDER BY id LIMIT 1 OFFSET {i}"));
        return sum;
    }
}
