using System.Text.Json;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Migrations;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Files of the former sensor hub and of the former event store.</summary>
public sealed class LegacySourceTests : IDisposable
{
    private const string Hub = """
        CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER,
            flags INTEGER DEFAULT 0, received_at INTEGER, created_at TIMESTAMP, UNIQUE (node_address, timestamp));
        CREATE TABLE nodes (address INTEGER PRIMARY KEY, node_type TEXT, first_seen_at INTEGER, last_seen_at INTEGER, total_readings INTEGER);
        """;

    // In another order than ours, with a column that is not ours.
    private const string SecondGeneration = """
        CREATE TABLE eventIndex (eventId TEXT PRIMARY KEY);
        CREATE TABLE rawEvents (bytes BLOB, extra TEXT, uniqueId TEXT, containerId TEXT, systemId TEXT, canonicalTruthTime TEXT, sourceTruthTime TEXT, scopeId TEXT, eventId TEXT PRIMARY KEY);
        CREATE TABLE parsedEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, systemId TEXT, containerId TEXT, uniqueId TEXT, messageType TEXT,
            schemaVersion TEXT, payload TEXT);
        CREATE TABLE commandEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, systemId TEXT, containerId TEXT, uniqueId TEXT, messageType TEXT,
            commandId TEXT, requestId TEXT, targetId TEXT, commandType TEXT, payload TEXT);
        CREATE TABLE metadataEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, systemId TEXT, containerId TEXT, uniqueId TEXT, messageType TEXT,
            manifestId TEXT, payload TEXT);
        """;

    private const string Time = "2026-06-01T10:00:00.000001Z";

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Hub_RowsThatNoStoreCanHold_GoToTheRejectsAndTheOthersArrive()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        var path = Create(Hub, $"""
            INSERT INTO nodes VALUES (1, 'SENSOR', 5, 6, 999), (2, 'GATEWAY', 1782907100, 1782907100, 7);
            INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at) VALUES
                (1, {Some.Noon}, 2534, 6521, 0, {Some.Noon + 1}), (1, {Some.Noon - 30}, 'warm', 6521, 0, 1), (1, {Some.Noon}000, 1, 1, 0, 1), (0, {Some.Noon}, 1, 1, 0, 1),
                (1, {Some.Noon - 60}, NULL, NULL, 0, 1), (1, {Some.Noon - 90}, 1.5, 1, 0, 1), (1, {Some.Noon - 120}, 1, 10001, 0, 1), (1, {Some.Noon - 150}, 5, NULL, NULL, NULL)
            """);
        var rejectsPath = _folder.File("rejects.ndjson");
        using var rejects = new RejectLog(rejectsPath, isStrict: false);

        await using var source = Open(path);
        var report = await Transfers.RunAsync(source, target.Side, _clock, null, rejects);
        rejects.Flush();

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal(6, report.Rejects);
        Assert.Equal([new Reading(1, Some.Noon, 2534, 6521, 0, Some.Noon + 1, null), new Reading(1, Some.Noon - 150, 5, null, 0, Some.Noon - 150, null)], await target.Fixture.Store.AllAsync());
        var nodes = await target.Fixture.NodeStore.ListAsync(CancellationToken.None);
        Assert.Equal([(1, 2L, Some.Noon - 150), (2, 0L, 1_782_907_100)], nodes.Select(n => (n.Address, n.TotalReadings, n.FirstSeenAt)));
        var first = JsonDocument.Parse((await File.ReadAllLinesAsync(rejectsPath))[0]).RootElement;
        Assert.Equal(("sensor_readings", 2, "temperature_centidegrees", "warm"),
            (first.GetProperty("table").GetString(), first.GetProperty("rowId").GetInt64(), first.GetProperty("column").GetString(), first.GetProperty("value").GetString()));
        Assert.Contains(report.Notes, note => note.Contains("created_at", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hub_Strict_StopsAtTheFirstReject()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        var path = Create(Hub, "INSERT INTO sensor_readings (node_address, timestamp) VALUES (1, 5)");
        using var rejects = new RejectLog(null, isStrict: true);
        await using var source = Open(path);

        var error = await Assert.ThrowsAsync<TransferException>(() => Transfers.RunAsync(source, target.Side, _clock, null, rejects));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Empty(await target.Fixture.Store.AllAsync());
    }

    [Fact]
    public void Hub_RequiredColumnMissing_IsNamed()
    {
        var path = Create("CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER)");

        var error = Assert.Throws<TransferException>(() => Open(path));

        Assert.Contains("humidity_centipercent", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Truth_SecondGeneration_BecomesEventsUnderTheirIdsAndTimes(TransferEngine to)
    {
        await using var target = await TransferStore.CreateAsync(to);
        string[] ids = [.. Enumerable.Range(1, 9).Select(i => new string((char)('0' + i), 64))];
        var path = Create(SecondGeneration, $"""
            INSERT INTO eventIndex VALUES ('{ids[0]}'), ('{ids[8]}');
            INSERT INTO rawEvents VALUES (x'0102', 'x', 'u', 'c', 's', '{Time}', '2026-06-01T12:00:00+02:00', 'scope', '{ids[0].ToUpperInvariant()}'),
                (x'03', 'x', 'u', 'c', 's', '{Time}', '{Time}', 'scope', '{ids[1]}'), ('text', 'x', 'u', 'c', 's', '{Time}', '{Time}', 'scope', '{ids[6]}');
            INSERT INTO parsedEvents VALUES ('{ids[2]}', 'scope', '{Time}', '{Time}', 's', 'c', 'u', 'nav.pvt', '1', '{Json("b")}'),
                ('{ids[1]}', 'scope', '{Time}', '{Time}', 's', 'c', 'u', 'nav.pvt', '1', '{Json("b")}'),
                ('nonsense', 'scope', '{Time}', '{Time}', 's', 'c', 'u', 'nav.pvt', '1', '{Json("b")}'),
                ('{ids[7]}', 'scope', '{Time}', '2026-06-01T10:00:00', 's', 'c', 'u', 'nav.pvt', '1', '{Json("b")}');
            INSERT INTO commandEvents VALUES ('{ids[3]}', 'scope', '{Time}', '{Time}', 's', 'c', 'u', 'CommandRequest', 'c1', 'r1', 't', 'setRate', '{Json("a")}'),
                ('{ids[4]}', 'scope', '{Time}', '{Time}', 's', 'c', 'u', 'CommandRequest', 'c2', 'r1', 't', 'setRate', '{Json("a")}');
            INSERT INTO metadataEvents VALUES ('{ids[5]}', 'scope', '{Time}', '2026-05-01T10:00:00Z', NULL, NULL, NULL, 'Manifest', 'm1', '{Json("a")}')
            """);
        using var rejects = new RejectLog(null, isStrict: false);
        await using var source = Open(path);

        var report = await Transfers.RunAsync(source, target.Side, _clock, new() { BatchSize = 1 }, rejects);

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal(5, rejects.Count);
        Assert.Equal(5, report.Parts.Single().TargetRows);
        var events = (await target.Events.ReadAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), CancellationToken.None)).Events;
        Assert.Equal([Lane.Metadata, Lane.Command, Lane.Parsed, Lane.Parsed, Lane.Raw], events.Select(e => e.Lane));
        var raw = events.OfType<RawEvent>().Single();
        Assert.Equal(("s|c|u", 1, "2026-06-01T12:00:00+02:00", Time), (raw.ConnectionId, raw.Sequence, raw.SourceTruthTime, EventTime.Format(raw.CanonicalTime)));
        Assert.Equal(("s|c|u", "nav.pvt"), events.OfType<ParsedEvent>().Select(e => (e.StreamId, e.StreamType)).Distinct().Single());
        Assert.Equal([ids[1], ids[2]], events.OfType<ParsedEvent>().Select(e => e.Id.ToString())); // Of a collision, the lane that comes first.
        Assert.Equal("live", events.OfType<CommandEvent>().Single().TimelineMode);
        Assert.Equal(("m1", null), events.OfType<MetadataEvent>().Select(e => (e.ManifestId, e.StreamId)).Single());
        Assert.Equal(1, report.Warnings["rows of eventIndex have no event"]);
        Assert.Contains(report.Notes, note => note.Contains("extra", StringComparison.Ordinal));

        static string Json(string key) => $"{{\"{key}\": 1.0}}";
    }

    [Theory]
    [InlineData("eventId TEXT PRIMARY KEY", "abc", "ABC")]
    [InlineData("eventId TEXT PRIMARY KEY", "ABC", "abc")]
    [InlineData("eventId TEXT", "abc", "abc")]
    [InlineData("eventId TEXT, UNIQUE (eventId, uniqueId)", "abc", "Abc")]
    [InlineData("eventId TEXT PRIMARY KEY COLLATE NOCASE", "abc", null)]
    [InlineData("eventId TEXT PRIMARY KEY", "abc", null)]
    public async Task Truth_IdsOfAnyTable_AreCarriedOverOnceEach(string column, string first, string? second)
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        var rows = string.Join(',', new[] { first, second, "d" }.OfType<string>().Select(id => $"(x'00', 'u', 'c', 's', '{Time}', '{Time}', 'scope', '{id.PadRight(64, '0')}')"));
        await using var source = Open(Create(
            $"CREATE TABLE rawEvents (bytes BLOB, uniqueId TEXT, containerId TEXT, systemId TEXT, canonicalTruthTime TEXT, sourceTruthTime TEXT, scopeId TEXT, {column})", $"INSERT INTO rawEvents VALUES {rows}"));
        using var rejects = new RejectLog(null, isStrict: false);

        var report = await Transfers.RunAsync(source, target.Side, _clock, rejects: rejects);

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal(2, report.Parts.Single().TargetRows);
        Assert.Equal(second is null ? 0 : 1, rejects.Count + report.Warnings.GetValueOrDefault("events that are there twice are carried over once"));
    }

    [Fact]
    public async Task Truth_ManyEventsOfOneTime_StayInOneChunk()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        var rows = string.Join(',', Enumerable.Range(10, 30).Select(i => $"(x'00', '', 'u', 'c', 's', '{Time}', '{Time}', 'scope', '{i}{new string('0', 62)}')"));
        await using var source = Open(Create(SecondGeneration, $"INSERT INTO rawEvents VALUES {rows}"));

        var report = await Transfers.RunAsync(source, target.Side, _clock, new() { BatchSize = 4 });

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal((1, 30), (await target.Fixture.ScalarAsync("SELECT count(*) FROM event_batches"), await target.Fixture.ScalarAsync("SELECT sum(event_count) FROM event_batches")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task File_WithALog_IsReadWithItsLogAndLeftAsItIs(bool hasSharedMemory)
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        var path = _folder.File("live.db");
        await using var writer = await SqliteLock.OpenAsync(path);
        await using var command = writer.CreateCommand();
        command.CommandText = $"PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; {Hub} INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees) VALUES (1, {Some.Noon}, 5)";
        await command.ExecuteNonQueryAsync();
        if (!hasSharedMemory)
        {
            var copy = Directory.CreateDirectory(_folder.File("copy")).FullName;
            foreach (var ending in (string[])["", "-wal"]) File.Copy(path + ending, Path.Combine(copy, "live.db" + ending));
            path = Path.Combine(copy, "live.db");
        }
        var folder = Path.GetDirectoryName(path)!;
        var before = Contents(folder);

        await using (var source = Open(path))
        {
            var report = await Transfers.RunAsync(source, target.Side, _clock);
            Assert.Equal((true, 1), (report.IsEqual, report.Parts[0].TargetRows));
        }

        Assert.Equal(before, Contents(folder));
    }

    [Fact]
    public async Task File_OfALogThatIsGone_GetsNoFilesBesideIt()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        var path = Create("PRAGMA journal_mode=WAL", Hub, $"INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees) VALUES (1, {Some.Noon}, 5)");
        Assert.False(File.Exists(path + "-wal"));

        await using (var source = Open(path)) Assert.True((await Transfers.RunAsync(source, target.Side, _clock)).IsEqual);

        Assert.Equal([Path.GetFileName(path)], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    // Without the shared memory, which any reader of the file changes.
    private static Dictionary<string, string> Contents(string folder)
        => Directory.GetFiles(folder).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)).ToDictionary(file => file, Hash);

    private static string Hash(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));
    }

    private ITransferSource Open(string path) => SqliteTransfer.OpenSource(path, SchemaServices.SqliteContexts, isQuiet: true, _clock);

    private string Create(params string[] statements)
    {
        var path = _folder.File($"{Guid.NewGuid():N}.db");
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        foreach (var sql in statements)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
        return path;
    }
}
