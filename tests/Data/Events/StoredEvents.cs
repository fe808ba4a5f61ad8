using SensorDash.Data.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Events;

/// <summary>What is really in the tables of events, read without the store.</summary>
internal static class StoredEvents
{
    /// <summary>Asserts that so many events are there: each once in the index, once in its lane under the same times, and counted in one batch.</summary>
    public static async Task AssertAgreeAsync(StoreFixture fixture, long count)
    {
        Assert.Equal((count, count), (await fixture.ScalarAsync("SELECT count(*) FROM event_index"), await fixture.ScalarAsync("SELECT count(DISTINCT event_id) FROM event_index")));
        Assert.Equal(count, await fixture.ScalarAsync("SELECT sum(event_count) FROM event_batches"));
        foreach (var lane in Lanes.All)
        {
            // An index row meets one lane row at most, so equal counts mean that every row of either has its partner.
            var (table, indexed) = ($"{lane.Name()}_events", await fixture.ScalarAsync($"SELECT count(*) FROM event_index WHERE lane = {(int)lane}"));
            Assert.Equal(indexed, await fixture.ScalarAsync($"SELECT count(*) FROM {table}"));
            Assert.Equal(indexed, await fixture.ScalarAsync($"""
                SELECT count(*) FROM {table} l JOIN event_index i
                ON i.event_id = l.event_id AND i.source_truth_time = l.source_truth_time AND i.first_seen = l.canonical_truth_time AND i.lane = {(int)lane}
                """));
        }
    }
}
