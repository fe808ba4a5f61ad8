using System.Data.Common;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Requests;

/// <summary>Whatever fails behind a route: clients read sentences of SensorDash. Messages of drivers, and folders of the server, are in the log only.</summary>
public sealed partial class ErrorTextTests : IDisposable
{
    private static readonly string[] _pages =
    [
        "/", "/nodes/12", "/analytics", "/analytics?whole=1&view=table", "/analytics?handler=SidePath", "/analytics?handler=Hours", "/analytics/bands.csv",
        "/system", "/zones", "/export", "/events", "/api/sensor-data/export?resolution=daily",
    ];

    private const int Context = 40;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("damaged")]
    [InlineData("not a folder")]
    public async Task SidePath_Unusable_NoResponseHasTheReasonOfDuckDbOrAFolder(string fault)
    {
        var side = fault == "damaged" ? _folder.File("side.duckdb") : Path.Combine(_folder.File("file"), "side.duckdb");
        if (fault == "damaged") await File.WriteAllBytesAsync(side, [.. Enumerable.Repeat((byte)0x55, 20_000)]);
        else await File.WriteAllTextAsync(_folder.File("file"), "");
        await using var app = new SensorDashApp(("Analytics:Path", side), ("Database:Sqlite:Path", _folder.File("store.db")));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Reading(12));
        await client.WaitForSidePathAsync("failed");

        var responses = await AssertPlainAsync(client);

        Assert.Contains("DuckDB is unavailable. side.duckdb ", responses, StringComparison.Ordinal);
        Assert.Contains(app.Logs.Entries, entry => entry.Text.Contains(_folder.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task DuckDbStore_FailsWhileTheHubRuns_NoResponseHasTheReasonOfDuckDbOrAFolder()
    {
        var file = _folder.File("readings.duckdb");
        await using var app = new SensorDashApp(("Readings:Backend", "DuckDb"), ("Readings:DuckDb:Path", file), ("Database:Sqlite:Path", _folder.File("store.db")), ("Ingest:AckTimeout", "00:00:01"));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Reading(12));
        using (var duckDb = new DuckDbClient(file)) Assert.ThrowsAny<DbException>(() => duckDb.Execute("SET debug_checkpoint_abort = 'before_header'; CHECKPOINT"));
        using var failed = await client.GetAsync("/api/nodes/12"); // After it, the file is opened again, and is garbage.
        await File.WriteAllBytesAsync(file, [.. Enumerable.Repeat((byte)0x55, 20_000)]);

        var responses = await AssertPlainAsync(client, app);

        Assert.Contains("the database is temporarily unavailable; retry", responses, StringComparison.Ordinal);
        Assert.Contains("The database is unavailable. The log says why.", responses, StringComparison.Ordinal);
        File.Delete(file);
        await StoreQueuedAsync(app);
        Assert.Contains(app.Logs.Entries, entry => entry.Text.Contains(_folder.Path, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Database_TablesMissing_NoResponseHasTheReasonOfTheDriverOrAFolder(bool isPostgres)
    {
        await using var database = isPostgres ? await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache) : null;
        await using var app = new SensorDashApp([("Database:Sqlite:Path", _folder.File("store.db")), ("Ingest:AckTimeout", "00:00:01"), .. database?.ProgramSettings ?? []]);
        using var client = app.CreateClient();
        await app.Store.AddAsync(Reading(12));
        string[] tables = ["sensor_readings", "raw_events", "zones"];
        await ExecuteAsync([.. tables.Select(table => $"ALTER TABLE {table} RENAME TO {table}_gone")]);

        var responses = await AssertPlainAsync(client, app);

        await ExecuteAsync([.. tables.Select(table => $"ALTER TABLE {table}_gone RENAME TO {table}")]);
        await StoreQueuedAsync(app);
        Assert.Contains("internal error; search the log for the trace ID", responses, StringComparison.Ordinal);
        Assert.Contains("the database does not accept them. The log says why.", responses, StringComparison.Ordinal);

        async Task ExecuteAsync(string[] statements)
        {
            if (database is not null)
            {
                await database.ExecuteAsync(statements);
                return;
            }
            await using var connection = await SqliteLock.OpenAsync(_folder.File("store.db"));
            await using var command = connection.CreateCommand();
            command.CommandText = string.Join(';', statements);
            await command.ExecuteNonQueryAsync();
        }
    }

    // Otherwise the program would try until the time for its end is over.
    private static Task StoreQueuedAsync(SensorDashApp app) => WaitFor.TrueAsync("queued rows are stored", async () =>
    {
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        return await app.MetricAsync("sensordash_ingest_waiting_rows{kind=\"readings\"}") == 0 && await app.MetricAsync("sensordash_ingest_failing{kind=\"readings\"}") == 0
            && app.Services.GetRequiredService<IngestWorker<LaneEvent>>().Status.FailingSince is null;
    });

    // Every route that is described, every page, and the ways to write. Time passes only where the store takes no rows.
    private async Task<string> AssertPlainAsync(HttpClient client, SensorDashApp? failing = null)
    {
        var description = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/openapi/v1.json"));
        // A stream has no end; its tests read its messages. The audit log is for administrators, and has the settings with their values.
        var paths = description.GetProperty("paths").EnumerateObject().Where(path => path.Value.TryGetProperty("get", out var get) && !get.GetRawText().Contains("text/event-stream", StringComparison.Ordinal) && path.Name != "/api/audit")
            .Select(path => PathParameter().Replace(path.Name, match => match.Value == "{eventId}" ? new string('0', 64) : "12"));
        var all = new StringBuilder();
        foreach (var path in paths.Concat(_pages)) await AssertPlainAsync(path, new(HttpMethod.Get, path) { Headers = { { "Accept", "text/html" } } });
        await AssertPlainAsync("rebuild", new(HttpMethod.Post, "/api/system/analytics/rebuild"));
        await AssertPlainAsync("write", new(HttpMethod.Post, "/write?precision=s") { Content = new StringContent($"climate,node=12 temp=1 {Noon + 1}") });
        const string Frame = """{"lane":"raw","scopeId":"a","sourceTruthTime":"2026-07-01T10:00:00Z","connectionId":"c","sequence":1,"bytes":"AAAA"}""";
        await AssertPlainAsync("events", new(HttpMethod.Post, "/api/events") { Content = new StringContent(Frame, null, "application/json") });
        if (failing is not null) await WaitFor.TrueAsync("a writer that fails", () => failing.Services.GetRequiredService<IngestWorker<Reading>>().Status.FailingSince is not null); // The sender may time out earlier.
        await AssertPlainAsync("/system", new(HttpMethod.Get, "/system") { Headers = { { "Accept", "text/html" } } }); // Now it shows that rows wait.
        return all.ToString();

        async Task AssertPlainAsync(string name, HttpRequestMessage request)
        {
            using (request)
            {
                var sending = client.SendAsync(request);
                while (await Task.WhenAny(sending, Task.Delay(50)) != sending) failing?.Clock.Advance(TimeSpan.FromSeconds(1)); // A sender waits for the commit until its time is over.
                using var response = await sending;
                var text = await response.Content.ReadAsStringAsync();
                Assert.False(text.Contains(_folder.Path, StringComparison.Ordinal), $"{name} names the folder: {text}");
                var raw = Raw().Match(text);
                Assert.False(raw.Success, $"{name} has a driver's text: {text[Math.Max(0, raw.Index - Context)..Math.Min(text.Length, raw.Index + raw.Length + Context)]}");
                all.Append(text);
            }
        }
    }

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex PathParameter();

    [GeneratedRegex("(IO|Catalog|Binder|FATAL|INTERNAL|Serialization|Permission|Invalid Input) Error|SQLite Error|no such table|relation .{1,40} does not exist|42P01|Exception|Npgsql|/data/|/tmp/")]
    private static partial Regex Raw();
}
