using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary><c>kill -9</c> in the middle of ingest with DuckDB as the store.</summary>
public sealed class DuckDbStoreTests
{
    private const int Senders = 4;
    private const int MaxAcknowledgedBeforeKill = 200;

    [Fact]
    public async Task Kill_DuringIngest_EveryAcknowledgedReadingIsThereOnce()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("readings.duckdb");
        var senders = Enumerable.Range(1, Senders).Select(node => new Sender(node)).ToArray();
        var random = new Random(20_261_121);
        for (var round = 0; round < SoakSize.Choose(quick: 2, full: 20); round++)
        {
            await using var server = await SensorDashProcess.StartAsync(folder.File("names.db"), ("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", path));
            var left = random.Next(10, MaxAcknowledgedBeforeKill);
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var sending = senders.Select(async sender =>
            {
                for (var i = 0; await sender.PostAsync(server.Client, i % 3 == 0 ? 1 : 250) is not null; i++)
                    if (Interlocked.Decrement(ref left) <= 0 && senders.All(each => !each.Acknowledged.IsEmpty)) enough.TrySetResult();
            }).ToArray();
            await await Task.WhenAny(enough.Task, Task.WhenAll(sending)); // The senders are still at it: the kill hits them in the middle.
            await server.KillAsync();
            await Task.WhenAll(sending);
            AssertHolds(path, senders);
        }
        Assert.All(senders, sender => Assert.NotEmpty(sender.Acknowledged));
    }

    private static void AssertHolds(string path, IEnumerable<Sender> senders)
    {
        using var client = new DuckDbClient(path);
        foreach (var sender in senders)
        {
            var stored = new HashSet<long>();
            foreach (var time in client.Read($"SELECT \"timestamp\" FROM sensor_readings WHERE node_address = {sender.Node}", row => row.GetInt64(0)))
                Assert.True(stored.Add(time));
            Assert.Empty(sender.Acknowledged.Except(stored));
        }
        var differences = client.Read("""
            SELECT (SELECT count(*) FROM nodes n FULL JOIN
                    (SELECT node_address, count(*) AS c, min("timestamp") AS a, max("timestamp") AS z FROM sensor_readings GROUP BY 1) r ON r.node_address = n.address
                    WHERE (n.total_readings, n.first_seen_at, n.last_seen_at) IS DISTINCT FROM (r.c, r.a, r.z)),
                (SELECT count(*) FROM sensor_readings) - (SELECT sum(row_count)::BIGINT FROM ingest_batches),
                (SELECT sum(row_count)::BIGINT FROM months) - (SELECT count(*) FROM sensor_readings)
            """, row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)));
        Assert.Equal((0, 0, 0), Assert.Single(differences));
    }
}
