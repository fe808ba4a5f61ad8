using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

public abstract partial class ReadingStoreContract
{
    [SkippableFact]
    public async Task Read_TiesAndTimes_EachOrderIsTheExactReverseOfTheOther()
    {
        await Store.AddAsync([.. from node in new[] { 3, 1, 2 } from time in new[] { 5, 1, 3 } select Reading(node, Noon + time)]);

        var newest = await Store.AllAsync();
        var oldest = await Store.AllAsync(ReadingOrder.OldestFirst);

        Assert.Equal(newest.OrderByDescending(r => r.Timestamp).ThenBy(r => r.NodeAddress), newest);
        Assert.Equal(Enumerable.Reverse(newest), oldest);
        Assert.Equal(9, newest.Count);
    }

    [SkippableTheory]
    [InlineData(ReadingOrder.NewestFirst, 1)]
    [InlineData(ReadingOrder.OldestFirst, 1)]
    [InlineData(ReadingOrder.NewestFirst, 2)]
    [InlineData(ReadingOrder.OldestFirst, 3)]
    [InlineData(ReadingOrder.NewestFirst, 7)]
    public async Task Read_KeysetPagesWhileRowsArrive_SkipsAndRepeatsNoExistingRow(ReadingOrder order, int pageLength)
    {
        await Store.AddAsync([.. from node in Enumerable.Range(1, 4) from time in Enumerable.Range(0, 6) select Reading(node, Noon + (time * 10))]);
        var existing = await Store.AllAsync(order);
        var seen = new List<Reading>();
        var page = new Reading[pageLength];
        ReadingPosition? after = null;
        for (var round = 0; ; round++)
        {
            var count = await Store.ReadAsync(new(default, order, after), page, CancellationToken.None);
            if (count == 0) break;
            seen.AddRange(page[..count]);
            after = new(page[count - 1].Timestamp, page[count - 1].NodeAddress);
            // Around every place there is: at both ends, between times, and as new ties.
            if (round < 20) await Store.AddAsync(Reading(5 + round, Noon + (round % 6 * 10)), Reading(1, Noon - 1000 - round), Reading(1, Noon + 1000 + round));
        }
        Assert.Equal(seen.Count, seen.Select(r => (r.NodeAddress, r.Timestamp)).Distinct().Count());
        Assert.Equal(existing, seen.Where(r => r.NodeAddress < 5 && Math.Abs(r.Timestamp - Noon) < 500));
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData(2)]
    public async Task Read_EveryFilterOrderAndOffset_EqualsTheSameOnAList(int? node)
    {
        await Store.AddAsync([.. from n in Enumerable.Range(1, 3) from time in Enumerable.Range(0, 8) where (n + time) % 3 > 0 select Reading(n, Noon + time)]);
        var all = await Store.AllAsync();
        var page = new Reading[4];
        foreach (var start in new long?[] { null, Noon - 1, Noon + 2 })
            foreach (var end in new long?[] { null, Noon + 2, Noon + 5, Noon + 99 })
                foreach (var order in Enum.GetValues<ReadingOrder>())
                    foreach (var offset in new[] { 0, 1, 5, 100 })
                    {
                        var filter = new ReadingFilter(node, new(start, end));
                        var wanted = all.Where(r => (node is null || r.NodeAddress == node) && r.Timestamp >= (start ?? 0) && r.Timestamp <= (end ?? long.MaxValue)).ToList();
                        Assert.Equal(wanted.Count, await Store.CountAsync(filter, CancellationToken.None));
                        if (order == ReadingOrder.OldestFirst) wanted.Reverse();
                        var count = await Store.ReadAsync(new(filter, order, null, offset), page, CancellationToken.None);
                        Assert.Equal(wanted.Skip(offset).Take(4), page[..count]);
                    }
    }

    [SkippableFact]
    public async Task Read_AfterAPlaceThatHoldsNoReading_GoesOnBehindIt()
    {
        await Store.AddAsync(Reading(1, Noon), Reading(3, Noon), Reading(2, Noon - 1));
        var page = new Reading[5];

        var count = await Store.ReadAsync(new(default, ReadingOrder.NewestFirst, new(Noon, 2)), page, CancellationToken.None);

        Assert.Equal([Reading(3, Noon), Reading(2, Noon - 1)], page[..count]);
    }

    [SkippableFact]
    public async Task ReadNewest_SeveralNodes_GivesEachItsNewestMeasured()
    {
        await Store.AddAsync(Run(1, 5));
        await Store.AddAsync(Reading(2, Noon));
        await Store.AddAsync(Reading(2, Noon - 60)); // Received last, measured earlier.

        var newest = await Store.ReadNewestAsync([1, 2, 3], 3, CancellationToken.None);

        Assert.Equal([1, 2], newest.Keys.Order());
        Assert.Equal([Noon, Noon - 30, Noon - 60], newest[1].Select(r => r.Timestamp));
        Assert.Equal([Noon, Noon - 60], newest[2].Select(r => r.Timestamp));
    }

    [SkippableFact]
    public async Task ListNodes_AddedInAnyOrder_AreByAddress()
    {
        await Store.AddAsync(Reading(30), Reading(4), Reading(200));

        Assert.Equal([4, 30, 200], (await Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(n => n.Address));
    }

    [SkippableFact]
    public async Task Append_ReadingsInAnyOrder_NodeKnowsTheLastReceivedOne()
    {
        await Store.AddAsync(Reading(1, Noon - 60, receivedAt: Noon - 50), Reading(2, Noon + 7200, receivedAt: Noon - 40), Reading(3, Noon - 100, receivedAt: Noon + 9000));
        await Store.AddAsync(Reading(1, Noon - 90, receivedAt: Noon - 50), Reading(2, Noon - 20, receivedAt: Noon - 10), Reading(2, Noon - 25, receivedAt: Noon - 10));
        await Store.AddAsync(Reading(1, Noon - 120, receivedAt: Noon - 30), Reading(2, Noon - 20, receivedAt: Noon)); // The second is a duplicate.
        await Store.AddAsync(Reading(2, Noon - 3600, receivedAt: Noon - 3600));

        var nodes = await Fixture.NodeStore.ListAsync(CancellationToken.None);

        Assert.Equal([(Noon - 30, Noon - 120, Noon - 60), (Noon - 10, Noon - 20, Noon + 7200), (Noon, Noon - 100, Noon - 100)],
            nodes.Select(n => (n.LastReceivedAt, n.LastReceivedTimestamp, n.LastSeenAt)));
    }
}
