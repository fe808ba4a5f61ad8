using System.Globalization;
using System.Net;
using Npgsql;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>The database server goes away under load: nothing acknowledged is lost, nothing is stored twice, and the hub goes on by itself.</summary>
public sealed class TimescaleOutageTests
{
    private const int Senders = 4;
    private static readonly TimeSpan _ackTimeout = TimeSpan.FromSeconds(2);

    [SkippableFact]
    public async Task Ingest_ServerStoppedAndStartedAgain_LosesNothingAndGoesOn()
    {
        using var postgres = await OwnPostgresServer.TakeAsync("outage", 54327);
        postgres.Start();
        var instance = postgres.Connection;
        await PostgresServer.ExecuteAsync(instance, "DROP DATABASE IF EXISTS outage WITH (FORCE)", "CREATE DATABASE outage");
        using var folder = new TemporaryFolder();
        await using var server = await SensorDashProcess.StartAsync(folder.File("unused.db"),
        [
            .. postgres.EnvironmentOf("outage"), ("Ingest__AckTimeout", $"{_ackTimeout:c}"), ("Analytics__Path", folder.File("side.duckdb")),
        ]);
        var senders = Enumerable.Range(1, Senders).Select(node => new Sender(node)).ToArray();
        foreach (var sender in senders) await sender.PostToWorkingServerAsync(server.Client, 100, _ackTimeout);

        for (var outage = 0; outage < SoakSize.Choose(quick: 1, full: 5); outage++)
        {
            using var over = new CancellationTokenSource();
            var before = senders.Select(sender => sender.Acknowledged.Count).ToArray();
            var sending = Task.WhenAll(senders.Select(sender => SendAsync(server.Client, sender, over.Token)));
            await WaitFor.TrueAsync("every sender is at it", () => senders.Zip(before).All(s => s.First.Acknowledged.Count > s.Second));
            postgres.Stop();
            await Task.Delay(TimeSpan.FromSeconds(SoakSize.Choose(quick: 3, full: 60)));
            foreach (var path in (string[])["/health/ready", "/api/nodes"])
            {
                using var answer = await server.Client.GetAsync(new Uri(path, UriKind.Relative));
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
            }
            postgres.Start();
            await over.CancelAsync();
            await sending;

            foreach (var sender in senders)
            {
                // The writer may still be in its last pause, so the first try may be refused; from the first success on none may be.
                await WaitFor.TrueAsync("the server takes readings again", async () => await sender.PostAsync(server.Client, 100) is HttpStatusCode.OK);
                for (var i = 0; i < 20; i++) await sender.PostToWorkingServerAsync(server.Client, 1, _ackTimeout);
            }
        }
        await AssertHoldsAsync(new(instance.ToString()) { Database = "outage" }, senders);
    }

    private static async Task SendAsync(HttpClient client, Sender sender, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var status = await sender.PostAsync(client, 100);
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests, $"{status}");
        }
    }

    // Every acknowledged reading is there, and counters and batches equal a recount.
    private static async Task AssertHoldsAsync(NpgsqlConnectionStringBuilder database, Sender[] senders)
    {
        await using var connection = new NpgsqlConnection(database.ToString());
        await connection.OpenAsync();
        foreach (var sender in senders)
        {
            await using var command = new NpgsqlCommand("SELECT extract(epoch FROM timestamp)::bigint FROM sensor_readings WHERE node_address = @node", connection);
            command.Parameters.AddWithValue("node", sender.Node);
            await using var reader = await command.ExecuteReaderAsync();
            var stored = new HashSet<long>();
            while (await reader.ReadAsync()) stored.Add(reader.GetInt64(0));
            Assert.DoesNotContain(sender.Acknowledged, time => !stored.Contains(time));
        }
        await using var counts = new NpgsqlCommand("""
            SELECT (SELECT count(*) FROM sensor_readings) || ' ' || (SELECT sum(total_readings) FROM nodes) || ' ' || (SELECT sum(row_count) FROM ingest_batches)
            """, connection);
        var counted = Convert.ToString(await counts.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!.Split(' ');
        Assert.Single(counted.Distinct());
    }
}
