using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary><c>kill -9</c> in the middle of ingest of events that two senders post both: what was acknowledged is there, once.</summary>
public sealed class EventKillTests
{
    [Fact]
    public async Task Kill_WhileTwoSendersPostTheSameEvents_EachAcknowledgedOneIsThereOnce()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "events.db");
        EventSender[] senders = [new(), new()];
        var random = new Random(20_261_121);
        for (var round = 0; round < SoakSize.Choose(quick: 2, full: 20); round++)
        {
            await using var server = await SensorDashProcess.StartAsync(path);
            var left = random.Next(10, 60);
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var sending = senders.Select(async (sender, number) =>
            {
                // Batches of other lengths, so that what one sends overlaps with much that the other sends at the same time.
                for (var i = 0; await sender.PostAsync(server.Client, i % 3 == 0 ? 1 : 200 + (number * 70)) is not null; i++)
                    if (Interlocked.Decrement(ref left) <= 0 && senders.All(each => !each.Acknowledged.IsEmpty)) enough.TrySetResult();
            }).ToArray();
            await await Task.WhenAny(enough.Task, Task.WhenAll(sending)); // The senders are still at it: the kill hits them in the middle.
            await server.KillAsync();
            await Task.WhenAll(sending);
            await AssertHoldsAsync(path, senders);
        }
        Assert.All(senders, sender => Assert.NotEmpty(sender.Acknowledged));
    }

    private static async Task AssertHoldsAsync(string path, EventSender[] senders)
    {
        const string Rows = """
            SELECT 0 AS lane, event_id, source_truth_time, canonical_truth_time AS first_seen FROM metadata_events UNION ALL
            SELECT 1, event_id, source_truth_time, canonical_truth_time FROM command_events UNION ALL
            SELECT 2, event_id, source_truth_time, canonical_truth_time FROM ui_events UNION ALL
            SELECT 3, event_id, source_truth_time, canonical_truth_time FROM parsed_events UNION ALL
            SELECT 4, event_id, source_truth_time, canonical_truth_time FROM raw_events
            """;
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        await connection.OpenAsync();
        var indexed = await TimesAsync("SELECT source_truth_time FROM event_index");
        Assert.Equal(indexed.Order(), (await TimesAsync($"SELECT source_truth_time FROM ({Rows})")).Order());
        Assert.Equal(indexed.Count, indexed.Distinct().Count()); // Every event has a time of its own.
        Assert.Empty(senders.SelectMany(sender => sender.Acknowledged).Except(indexed));
        Assert.Empty(await TimesAsync($"SELECT source_truth_time FROM (SELECT lane, event_id, source_truth_time, first_seen FROM event_index EXCEPT SELECT * FROM ({Rows}))"));
        Assert.Equal([indexed.Count], await TimesAsync("SELECT sum(event_count) FROM event_batches"));
        Assert.Empty(await TimesAsync("SELECT 1 FROM event_index WHERE lane = 1 AND source_truth_time / 1000 % 10 = 1 AND event_id NOT IN (SELECT event_id FROM command_requests)"));

        async Task<List<long>> TimesAsync(string sql)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await using var rows = await command.ExecuteReaderAsync();
            var times = new List<long>();
            while (await rows.ReadAsync()) times.Add(rows.GetInt64(0));
            return times;
        }
    }
}
