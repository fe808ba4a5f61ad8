using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Transfer;
using SensorDash.Migrations;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Files of former systems that their program goes on writing.</summary>
public sealed class FileFollowerTests : IDisposable
{
    private const long FirstTime = Some.Noon - 86_400;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _clock = new();
    private readonly SqliteConnection _writer;
    private readonly string _path;
    private long _rows;

    public FileFollowerTests()
    {
        _path = _folder.File("former.db");
        _writer = new($"Data Source={_path};Pooling=False");
        _writer.Open();
        // As the former programs: one of them with a log, which exists as long as the program runs.
        Execute("""
            PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;
            CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER, flags INTEGER, received_at INTEGER);
            CREATE TABLE rawEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, connectionId TEXT, sequence INTEGER, bytes BLOB);
            CREATE TABLE commandEvents (eventId TEXT PRIMARY KEY, scopeId TEXT, sourceTruthTime TEXT, canonicalTruthTime TEXT, messageType TEXT, commandId TEXT, requestId TEXT, targetId TEXT,
                commandType TEXT, timelineMode TEXT, payload TEXT)
            """);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _folder.Dispose();
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Follow_RowsWrittenDuringAndAfterTheCopy_ArriveOnceAndVerify(TransferEngine to)
    {
        await using var target = await TransferStore.CreateAsync(to);
        AddReadings(50);
        AddEvents(30);

        await using (var source = Open())
        {
            using var stop = new CancellationTokenSource();
            var chunks = 0;
            var run = new TransferRunner(source, target.Side, Options, _clock, _ =>
            {
                AddReadings(3);
                AddEvents(2);
                if (++chunks == 5) stop.Cancel();
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(new(null, isStrict: false), stop.Token));
        }
        for (var round = 0; round < 3; round++)
        {
            await using var source = Open();
            var record = await new TransferRunner(source, target.Side, Options, _clock).RunAsync(new(null, isStrict: false), default);
            AddReadings(7);
            AddEvents(40);
            var follower = new FileFollower(source, target.Side, record, new(null, isStrict: false), _clock);
            Assert.True(await follower.ApplyAsync(default) > 0);
            AddEvents(1);
            while (await follower.ApplyAsync(default) > 0) ;
        }

        Assert.Equal(Scalar("SELECT count(*) FROM sensor_readings"), await target.Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Equal(Scalar("SELECT count(*) FROM rawEvents"), await target.Fixture.ScalarAsync("SELECT count(*) FROM raw_events"));
        await AssertVerifiedAsync(target, rejects: 0);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Follow_EventsOfAnyTime_GetPositionsAfterThoseAlreadyGiven(TransferEngine to)
    {
        await using var target = await TransferStore.CreateAsync(to);
        AddEvent(time: FirstTime + 100);
        await using var source = Open();
        var record = await new TransferRunner(source, target.Side, Options, _clock).RunAsync(new(null, isStrict: false), default);
        var follower = new FileFollower(source, target.Side, record, new(null, isStrict: false), _clock);
        var head = await target.Side.ReadNewestEventAsync(default);

        // Before the head, at it, twice at one time after it.
        foreach (var time in (long[])[5, 100, 60, 200, 200]) AddEvent(FirstTime + time);
        await follower.ApplyAsync(default);
        AddEvent(FirstTime + 200);
        await follower.ApplyAsync(default);

        var last = (FirstTime + 200) * 1_000_000;
        var events = (await target.Events.ReadAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), default)).Events;
        Assert.Equal([head, head + 1, head + 2, head + 3, last, last, last + 1], events.Select(e => e.CanonicalTime));
        await AssertVerifiedAsync(target, rejects: 0);
        await target.ExecuteAsync($"DELETE FROM transfer_given_times");
        Assert.False((await VerifyAsync(target)).IsEqual); // A verification needs the times that were given.
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    [InlineData(TransferEngine.DuckDb)]
    public async Task Follow_RowsThatNoStoreCanHold_AreRejectedAndTheOthersArrive(TransferEngine to)
    {
        await using var target = await TransferStore.CreateAsync(to);
        AddReadings(5);
        await using var source = Open();
        var record = await new TransferRunner(source, target.Side, Options, _clock).RunAsync(new(null, isStrict: false), default);
        using var rejects = new RejectLog(_folder.File("rejects.ndjson"), isStrict: false, appends: true);
        var follower = new FileFollower(source, target.Side, record, rejects, _clock);

        AddReadings(2);
        Execute(string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, received_at) VALUES (1, {FirstTime}, 77, {FirstTime}), (1, 5, 1, 5), (9, {FirstTime}, 1, {FirstTime}), (9, {FirstTime}, 2, {FirstTime});
            INSERT INTO commandEvents VALUES ('{new string('a', 64)}', 's', '2026-06-01T10:00:00Z', '2026-06-01T10:00:00Z', 'CommandRequest', 'c', 'r', 't', 'x', 'LIVE', '[]'),
                ('{new string('b', 64)}', 's', '2026-06-01T10:00:00Z', '2026-06-01T10:00:00Z', 'CommandRequest', 'c', 'r', 't', 'x', 'LIVE', '{"{}"}')
            """));
        AddReadings(2);
        while (await follower.ApplyAsync(default) > 0) ;
        Execute($"INSERT INTO commandEvents VALUES ('{new string('c', 64)}', 's', '2026-06-01T10:00:01Z', '2026-06-01T10:00:01Z', 'CommandRequest', 'c', 'r', 't', 'x', 'LIVE', '{{}}')");
        while (await follower.ApplyAsync(default) > 0) ;

        var isOfEvents = to != TransferEngine.DuckDb;
        Assert.Equal(10, await target.Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
        if (isOfEvents) Assert.Equal(1, await target.Fixture.ScalarAsync("SELECT count(*) FROM command_events"));
        Assert.Equal(isOfEvents ? 5 : 3, (await File.ReadAllLinesAsync(_folder.File("rejects.ndjson"))).Length);
        await AssertVerifiedAsync(target, rejects: 5);
    }

    [Fact]
    public async Task Verify_RowChangedInTheSourceOrAddedByHand_IsNamed()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        AddReadings(5);
        await using var source = Open();
        var record = await new TransferRunner(source, target.Side, Options, _clock).RunAsync(new(null, isStrict: false), default);
        AddReadings(5);
        while (await new FileFollower(source, target.Side, record, new(null, isStrict: false), _clock).ApplyAsync(default) > 0) ;
        Execute("UPDATE sensor_readings SET flags = 7 WHERE id = 8");

        var report = await VerifyAsync(target);

        Assert.Contains("flags is 7 in the source and 0 in the target", Assert.Single(report.Differences).Columns, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_TransferWithoutRowIds_SaysSo()
    {
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        AddReadings(5);
        await using var source = Open();
        var record = await new TransferRunner(source, target.Side, new(), _clock).RunAsync(new(null, isStrict: false), default);

        var error = await Assert.ThrowsAsync<TransferException>(() => new FileFollower(source, target.Side, record, new(null, isStrict: false), _clock).ApplyAsync(default));

        Assert.Contains("without --follow", error.Message, StringComparison.Ordinal);
    }

    private static TransferOptions Options => new() { BatchSize = 6, Follows = true };

    private IFollowedFile Open() => (IFollowedFile)SqliteTransfer.OpenSource(_path, SchemaServices.SqliteContexts, isQuiet: true, _clock, isFollowed: true);

    private async Task<TransferReport> VerifyAsync(TransferStore target)
    {
        await using var source = Open();
        var record = (await new TransferLedger(target.Side.RunLedgerAsync).ListAsync(default))[^1];
        using var rejects = new RejectLog(null, isStrict: false);
        await new FileFollower(source, target.Side, record, rejects, _clock).LimitSourceAsync(default);
        AddReadings(1); // The source goes on.
        await source.PrepareAsync(rejects, default);
        return await new TransferVerifier(source, target.Side, _clock).RunAsync(record, rejects, "test", default);
    }

    private async Task AssertVerifiedAsync(TransferStore target, int rejects)
    {
        var report = await VerifyAsync(target);
        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal(rejects, report.Rejects);
    }

    private void AddReadings(int count)
    {
        for (var i = 0; i < count; i++, _rows++)
        {
            // Times go to and fro.
            var time = FirstTime + (_rows * 7919 % 10_007);
            Execute(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at) VALUES ({1 + (_rows % 3)}, {time}, {_rows % 3000}, 5, 0, {time})"));
        }
    }

    private void AddEvents(int count)
    {
        for (var i = 0; i < count; i++) AddEvent(FirstTime + 10 + (_rows / 2) - (_rows % 5));
    }

    private void AddEvent(long time)
    {
        _rows++;
        var text = DateTimeOffset.FromUnixTimeSeconds(time).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        Execute(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO rawEvents VALUES ('{_rows:x64}', 's', '2026-06-01T10:00:00Z', '{text}', 'c', {_rows}, x'00')"));
    }

    private void Execute(string sql)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private long Scalar(string sql)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
