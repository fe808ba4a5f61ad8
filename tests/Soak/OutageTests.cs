using System.Net;
using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>Another process holds the file: nothing acknowledged is lost and the hub recovers by itself.</summary>
public sealed class OutageTests
{
    private const int Senders = 4;
    private static readonly TimeSpan _ackTimeout = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Ingest_FileLockedByAnotherProcess_LosesNothingAndGoesOn()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "locked.db");
        await using var server = await SensorDashProcess.StartAsync(path, ("Ingest__AckTimeout", $"{_ackTimeout:c}"));
        var senders = Enumerable.Range(1, Senders).Select(node => new Sender(node)).ToArray();
        foreach (var sender in senders) await sender.PostToWorkingServerAsync(server.Client, 100, _ackTimeout);

        var refused = 0;
        await using (var other = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            await other.OpenAsync();
            await using var exclusive = other.CreateCommand();
            exclusive.CommandText = "BEGIN IMMEDIATE";
            await exclusive.ExecuteNonQueryAsync();
            using var outage = new CancellationTokenSource(TimeSpan.FromSeconds(SoakSize.Choose(quick: 3, full: 20)));
            await Task.WhenAll(senders.Select(async sender =>
            {
                do
                {
                    var status = await sender.PostAsync(server.Client, 100);
                    Assert.True(status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests, $"{status}");
                    Interlocked.Increment(ref refused);
                }
                while (!outage.IsCancellationRequested);
            }));
            using var ready = await server.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            exclusive.CommandText = "ROLLBACK";
            await exclusive.ExecuteNonQueryAsync();
        }
        Assert.True(refused >= Senders);

        foreach (var sender in senders)
        {
            // The writer may still be in its last pause, so the first try may be refused; from the first success on none may be.
            await WaitFor.TrueAsync("the server takes readings again", async () => await sender.PostAsync(server.Client, 100) is HttpStatusCode.OK);
            for (var i = 0; i < 50; i++) await sender.PostToWorkingServerAsync(server.Client, 1, _ackTimeout);
        }
        await StoredFile.AssertHoldsAsync(path, senders);
    }
}
