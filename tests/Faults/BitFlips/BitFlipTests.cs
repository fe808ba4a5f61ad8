using System.Globalization;
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
            // Scrubbed as the program is started after a stop: before anything is written. The side path has every reading.
            var (outcome, text) = await Trial.RunAsync(expected, hasCopy: !isDuckDb, () => ScrubAsync(copy.Path, isDuckDb), () => ReadAsync(copy.Path, isDuckDb));
            _outcomes.Add(outcome);
            if (outcome == Outcome.Missed) findings.Add(string.Create(CultureInfo.InvariantCulture, $"{attack} {trial}"), $"{bit}: {text}");
            findings.Count(attack, each: 50);
        }
        findings.AssertNone($"{attack}, {trials} trials: {_outcomes}");
    }

    private static async Task<ScrubState> ScrubAsync(string folder, bool isDuckDb)
    {
        var clock = TimeProvider.System;
        using var database = SqliteScrub.Open(Path.Combine(folder, Database), clock);
        using var stores = isDuckDb ? database.WithReadingsOf(Path.Combine(folder, Readings), 64, 1, clock) : WithCopy(database, folder);
        var state = await Trial.ScrubAsync(stores);
        // A side path that cannot be read is found by DuckDB, and filled anew by the server.
        if (!isDuckDb && state.Notes.Any(note => note.Contains("cannot be", StringComparison.Ordinal))) throw new InvalidDataException(state.Notes[0]);
        return state;
    }

    private static OpenScrub WithCopy(OpenScrub database, string folder) => Trial.WithCopy(database, Path.Combine(folder, SidePath));

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

    private async Task FillAsync(bool isDuckDb)
    {
        (string, string)[] settings = isDuckDb ? [("Database:Sqlite:Path", _folder.File(Database)), ("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", _folder.File(Readings))] : [("Database:Sqlite:Path", _folder.File(Database))];
        await using var app = new SensorDashApp(settings);
        await new Filling(app).SendAsync(AttackSize.Choose(quick: 600, full: 6_000));
        if (!isDuckDb) await app.WaitUntilCaughtUpAsync();
    }
}
