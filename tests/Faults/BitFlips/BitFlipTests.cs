using System.Globalization;
using System.Text;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>One random bit of a stored file is another one: either no value changes, or the engine or a scrub says so.</summary>
public sealed class BitFlipTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const string Database = "hub.db", SidePath = "hub.duckdb", Readings = "readings.duckdb";

    private readonly TemporaryFolder _folder = new();
    private readonly Outcomes _outcomes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FlippedBit_OfTheSqliteFile_IsFound() => await RunAsync("SQLite file", AttackSize.Choose(quick: 15, full: 600), [Database], isDuckDb: false);

    [Fact]
    public async Task FlippedBit_OfTheSidePath_IsFound() => await RunAsync("side path", AttackSize.Choose(quick: 3, full: 150), [SidePath], isDuckDb: false);

    [Fact]
    public async Task FlippedBit_OfTheDuckDbStore_IsFound() => await RunAsync("DuckDB store", AttackSize.Choose(quick: 3, full: 150), [Readings], isDuckDb: true);

    private async Task RunAsync(string attack, int trials, string[] flipped, bool isDuckDb)
    {
        var findings = new Findings(output);
        await FillAsync(isDuckDb);
        var expected = await ReadAsync(_folder.Path, isDuckDb);
        Assert.NotEmpty(expected.Events);
        Assert.NotEmpty(expected.Readings);
        for (var trial = 0; trial < trials; trial++)
        {
            using var copy = new TemporaryFolder();
            foreach (var file in Directory.GetFiles(_folder.Path)) File.Copy(file, copy.File(Path.GetFileName(file)));
            var bit = FlippedBit.Flip([.. flipped.Select(copy.File)], AttackSize.RandomOf(attack, trial));
            var (outcome, text) = await TryAsync(copy.Path, expected, isDuckDb);
            _outcomes.Add(outcome);
            if (outcome == Outcome.Missed) findings.Add(string.Create(CultureInfo.InvariantCulture, $"{attack} {trial}"), $"{bit}: {text}");
            findings.Count(attack, each: 50);
        }
        findings.AssertNone($"{attack}, {trials} trials: {_outcomes}");
    }

    private static async Task<(Outcome Outcome, string Text)> TryAsync(string folder, StoredData expected, bool isDuckDb)
    {
        StoredData? values = null;
        string? refused = null;
        ScrubState? state = null;
        try
        {
            // As the program is started after a stop: before anything is written.
            state = await ScrubAsync(folder, isDuckDb);
            values = await ReadAsync(folder, isDuckDb);
        }
        catch (Exception e) when (e is not (NullReferenceException or DifferingWaysException))
        {
            refused = e.Message;
        }
        catch (DifferingWaysException e)
        {
            if (state!.FindingCount == 0) return (Outcome.Missed, e.Message);
        }
        if (refused is not null || state!.Findings.Any(f => f.Kind == ScrubKind.Damage)) return (Outcome.FoundByEngine, refused ?? state!.Findings[0].Problem);
        var isFound = state.FindingCount > 0;
        if (values is null) return (isFound ? Outcome.Found : Outcome.Missed, "two ways of reading differ");
        var readings = expected.Readings.Keys.Union(values.Readings.Keys).Where(key => !expected.Readings.TryGetValue(key, out var was) || !values.Readings.TryGetValue(key, out var now) || was != now).ToList();
        var events = expected.Events.Keys.Union(values.Events.Keys).Where(id => expected.Events.GetValueOrDefault(id) != values.Events.GetValueOrDefault(id)).ToList();
        var isNamed = state.Findings.Any(f => f.Kind is not (ScrubKind.ReadingSum or ScrubKind.EventSum));
        if (readings.Count == 0 && events.Count == 0)
        {
            if (isFound) return (isNamed ? Outcome.Named : Outcome.Found, "");
            return (expected.Small.SetEquals(values.Small) ? Outcome.NoChange : Outcome.WithoutCopy, "");
        }
        var changed = string.Join(", ", readings.Select(key => $"reading {key}").Concat(events.Select(id => $"event {id}")).Take(5));
        if (!isFound) return (Outcome.Missed, $"changed, and nobody said so: {changed}");
        // The side path has every reading. A new key is in no copy, but the former one is missing.
        var hasCopy = !isDuckDb;
        var unnamed = hasCopy ? readings.Where(key => expected.Readings.ContainsKey(key) && !state.Findings.Any(f => f.Row.Contains(string.Create(CultureInfo.InvariantCulture, $"node {key.Node} at "), StringComparison.Ordinal)
            && f.Row.Contains(string.Create(CultureInfo.InvariantCulture, $"(timestamp {key.Time})"), StringComparison.Ordinal))).ToList() : [];
        if (unnamed.Count > 0) return (Outcome.Missed, $"found but not named, although the side path has it: {unnamed[0]}; {string.Join(" / ", ScrubReport.Lines(state))}");
        return (isNamed ? Outcome.Named : Outcome.Found, changed);
    }

    private static async Task<ScrubState> ScrubAsync(string folder, bool isDuckDb)
    {
        var clock = TimeProvider.System;
        using var database = SqliteScrub.Open(Path.Combine(folder, Database), clock);
        using var stores = isDuckDb ? database.WithReadingsOf(Path.Combine(folder, Readings), 64, 1, clock) : WithCopy(database, folder);
        var pass = new ScrubPass(stores.Sources, ScrubPass.Begin(clock), clock);
        while (await pass.StepAsync(5_000, CancellationToken.None) is not null) { }
        // A side path that cannot be read is found by DuckDB, and filled anew by the server.
        if (!isDuckDb && pass.State.Notes.Any(note => note.Contains("cannot be", StringComparison.Ordinal))) throw new InvalidDataException(pass.State.Notes[0]);
        return pass.State;
    }

    private static OpenScrub WithCopy(OpenScrub database, string folder)
    {
        var copy = DuckDbSecondCopyFile.Open(new AnalyticsOptions { Path = Path.Combine(folder, SidePath), MemoryLimitMiB = 64, Threads = 1 })!;
        return new(database.Sources with { Copy = copy }, database.Claim, copy);
    }

    private static async Task<StoredData> ReadAsync(string folder, bool isDuckDb)
    {
        if (!isDuckDb) return await StoredData.ReadAsync(Path.Combine(folder, Database), null);
        var readings = new Dictionary<(int, long), Reading>();
        await using var source = DuckDbTransfer.OpenSource(Path.Combine(folder, Readings), 64, 1, TimeProvider.System);
        await ((StoreSource)source).VisitReadingsAsync(TransferRange.All, rows =>
        {
            foreach (ref readonly var row in rows) readings[(row.NodeAddress, row.Timestamp)] = row with { DeviceId = null };
        }, CancellationToken.None);
        return await StoredData.ReadAsync(Path.Combine(folder, Database), readings);
    }

    // A store as senders fill it: a thousand readings of four nodes and events of every lane.
    private async Task FillAsync(bool isDuckDb)
    {
        (string, string)[] settings = isDuckDb ? [("Database:Sqlite:Path", _folder.File(Database)), ("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", _folder.File(Readings))] : [("Database:Sqlite:Path", _folder.File(Database))];
        await using var app = new SensorDashApp(settings);
        using var client = app.CreateClient();
        var random = AttackSize.RandomOf("stored data", 0);
        var total = AttackSize.Choose(quick: 600, full: 6_000);
        for (var from = 0; from < total; from += 300)
        {
            var readings = string.Join(',', Enumerable.Range(from, 300).Select(n => string.Create(CultureInfo.InvariantCulture,
                $$"""{"node_address":{{(n % 4) + 1}},"timestamp":{{Some.Noon - 86_400 + (n / 4 * 30)}},"temperature_centidegrees":{{random.Next(-2000, 4000)}},"humidity_centipercent":{{random.Next(0, 10_000)}},"flags":{{random.Next(0, 8)}}}""")));
            await SendAsync(client, "/api/sensor-data", $"[{readings}]");
            var events = string.Join('\n', Enumerable.Range(from, 100).Select(n => EventOf(n, random)));
            await SendAsync(client, "/api/events", events);
        }
        if (!isDuckDb) await app.WaitUntilCaughtUpAsync();
    }

    private static string EventOf(int n, Random random)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(Some.Noon - 3_600 + n).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var common = $"\"scopeId\":\"hub\",\"sourceTruthTime\":\"{time}\"";
        var bytes = new byte[random.Next(1, 200)];
        random.NextBytes(bytes);
        var json = string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{n}},"text":"{{Convert.ToHexString(bytes)}}"}""");
        return (n % 5) switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $$"""{"lane":"raw",{{common}},"connectionId":"c{{n % 3}}","sequence":{{n}},"bytes":"{{Convert.ToBase64String(bytes)}}"}"""),
            1 => $$"""{"lane":"parsed",{{common}},"streamId":"s{{n % 4}}","streamType":"nav","schemaVersion":"1.0","payload":{{json}}}""",
            2 => $$"""{"lane":"ui",{{common}},"messageType":"UiUpdate","systemId":"sys","containerId":"con","uniqueId":"u","viewId":"v{{n % 3}}","manifestId":"m","manifestVersion":"1","data":{{json}}}""",
            3 => string.Create(CultureInfo.InvariantCulture, $$"""{"lane":"command",{{common}},"messageType":"CommandRequest","commandId":"c{{n}}","requestId":"r{{n}}","targetId":"t","commandType":"set","timelineMode":"live","payload":{{json}}}"""),
            _ => $$"""{"lane":"metadata",{{common}},"messageType":"Descriptor","streamId":"s{{n % 4}}","payload":{{json}}}""",
        };
    }

    private static async Task SendAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, path == "/api/events" ? "application/x-ndjson" : "application/json");
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
