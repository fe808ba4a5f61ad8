using System.Net;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Requests;

/// <summary>A question that hardly anything answers reads everything; here it would never end.</summary>
public class EventReadLimitTests() : ApiTests(("Events:ReadTimeout", "00:00:00.500"), ("Database:Timescale:Pool:CommandTimeout", "600"))
{
    /// <summary>A condition that SQLite never comes to the end of.</summary>
    public const string NeverInSqlite = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n) > 0";

    protected virtual string Never => NeverInSqlite;

    [Fact]
    public async Task List_TakesTooLong_Is504AndSaysWhatToDo()
    {
        await JsonOfAsync(await PostAsync("/api/events", EventsApiTests.Parsed("s", 1)));
        await ExecuteAsync("ALTER TABLE parsed_events RENAME TO kept", "CREATE VIEW parsed_events AS SELECT * FROM kept WHERE " + Never);
        using var leaving = new CancellationTokenSource();
        // More than a file has readers, so some of them wait for their turn all the while.
        var exports = Enumerable.Range(0, 6).Select(_ => Client.GetAsync("/api/events/export?payload.n=-1", leaving.Token)).ToList();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ => await AssertProblemAsync(
            await Client.GetAsync("/api/events?payload.n=-1"), 504, "took longer than 00:00:00.5", "narrow the range")));

        Assert.DoesNotContain(exports, export => export.IsCompleted); // They may take as long as they like.
        Assert.Equal(0, (await GetAsync("/api/sensor-data")).GetProperty("total").GetInt32()); // And keep nobody else waiting.
        await leaving.CancelAsync();
        foreach (var export in exports) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => export);
        // None of them goes on: a question about another lane finds a reader. Its limit is half a second of real time too, which a busy machine may exceed.
        await WaitFor.TrueAsync("a free reader", async () =>
        {
            using var response = await Client.GetAsync("/api/events?lanes=raw");
            if (response.StatusCode == HttpStatusCode.GatewayTimeout) return false;
            Assert.Equal(0, (await JsonOfAsync(response)).GetProperty("count").GetInt32());
            return true;
        });
    }
}

public sealed class TimescaleEventReadLimitTests : EventReadLimitTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;

    protected override string Never => "(SELECT pg_sleep(3600)) IS NOT NULL";
}
