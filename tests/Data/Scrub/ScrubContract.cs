using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Scrub;
using SensorDash.Data.Tests.Transfer;
using static SensorDash.Data.Tests.Events.SomeEvents;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Scrub;

/// <summary>What a scrub finds, by what has changed behind the back of the store.</summary>
public abstract class ScrubContract(TransferEngine engine) : IAsyncLifetime
{
    private ScrubSubject _subject = null!;

    private protected ScrubSubject Subject => _subject;

    public async Task InitializeAsync() => _subject = await ScrubSubject.CreateAsync(engine);

    public async Task DisposeAsync()
    {
        if (_subject is not null) await _subject.DisposeAsync();
    }

    private static readonly ParsedEvent _parsed = Parsed(SomeNoon + 1, payload: """{"n":17}""");
    private static readonly RawEvent _raw = Raw(SomeNoon + 2, sequence: 9);
    private static readonly CommandEvent _request = Command(SomeNoon + 3, request: "r1");

    private const long SomeReadingTime = SensorDash.Tests.Support.Some.Noon;
    private protected const long SomeNoon = SensorDash.Data.Tests.Events.SomeEvents.Noon;

    // Two batches of readings, three of events.
    private protected async Task FillAsync()
    {
        await _subject.AddAsync([.. Run(12, 40), .. Run(13, 30)]);
        await _subject.AddAsync(Run(14, 10));
        await _subject.AddAsync(_parsed, Parsed(SomeNoon, payload: """{"a":{"b":"é"},"n":1000}"""), Ui(), Metadata(effective: SomeNoon));
        await _subject.AddAsync(_raw, _request, Command(request: "r2"), Command());
        await _subject.AddAsync(Many(50, 7));
    }

    private static string Hex(LaneEvent e, TransferEngine engine) => engine == TransferEngine.Timescale ? $@"'\x{e.Id}'" : $"x'{e.Id}'";

    private string Where(LaneEvent e) => $"WHERE event_id = {Hex(e, engine)}";

    [SkippableFact]
    public async Task Pass_NothingHasRotted_FindsNothing()
    {
        await FillAsync();

        var state = await _subject.ScrubAsync();

        Assert.Empty(state.Findings);
        Assert.Equal((ScrubPart.Done, 0), (state.Part, state.FindingCount));
        Assert.NotNull(state.EndedAt);
        Assert.InRange(state.Rows, 80 + 60, 80 + (2 * 58) + 20);
    }

    [SkippableFact]
    public async Task Pass_EmptyStore_FindsNothing() => Assert.Empty((await _subject.ScrubAsync()).Findings);

    [SkippableTheory]
    [InlineData("UPDATE {0} SET temperature_centidegrees = temperature_centidegrees + 1", "hash")]
    [InlineData("UPDATE {0} SET flags = 8", "hash")]
    [InlineData("UPDATE {0} SET humidity_centipercent = NULL", "hash")]
    [InlineData("DELETE FROM {0}", "1 reading that was committed is missing")]
    public async Task Pass_ChangedReading_IsFoundByTheBatchLog(string change, string problem)
    {
        await FillAsync();
        await _subject.RotReadingAsync(change, 13, SomeReadingTime);

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.ReadingSum, "sensor_readings"), (finding.Kind, finding.Table));
        Assert.Contains(problem, finding.Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Pass_ChangedPayload_NamesTheEvent()
    {
        await FillAsync();
        await _subject.RotAsync($$"""UPDATE parsed_events SET payload = '{"n":18}' {{Where(_parsed)}}""");

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.EventId, "parsed_events"), (finding.Kind, finding.Table));
        Assert.Contains(_parsed.Id.ToString(), finding.Row, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("parsed_events", "scope_id = 't'")]
    [InlineData("parsed_events", "stream_id = 'other'")]
    [InlineData("parsed_events", "source_text = '2026-11-29T12:00:00+00:00'")]
    public async Task Pass_ChangedPartOfTheId_NamesTheEvent(string table, string change)
    {
        await FillAsync();
        await _subject.RotAsync($"UPDATE {table} SET {change} {Where(_parsed)}");

        Assert.Equal([(ScrubKind.EventId, true)], (await _subject.ScrubAsync()).Findings.Select(f => (f.Kind, f.Row.Contains(_parsed.Id.ToString(), StringComparison.Ordinal))));
    }

    [SkippableTheory]
    [InlineData("UPDATE parsed_events SET stream_type = 'other'")]
    [InlineData("UPDATE parsed_events SET schema_version = '2'")]
    public async Task Pass_ChangedColumnBesideTheId_NamesTheCommit(string change)
    {
        await FillAsync();
        await _subject.RotAsync($"{change} {Where(_parsed)}");

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal(ScrubKind.EventSum, finding.Kind);
        var batches = await _subject.CountAsync("event_batches");
        Assert.Equal((3, true), (batches, finding.Row.StartsWith("received from ", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Pass_ChangedSequence_NamesTheCommit()
    {
        await FillAsync();
        await _subject.RotAsync($"UPDATE raw_events SET sequence = 10 {Where(_raw)}");

        Assert.Equal(ScrubKind.EventSum, Assert.Single((await _subject.ScrubAsync()).Findings).Kind);
    }

    [SkippableFact]
    public async Task Pass_ChangedEventId_SaysTheRightOne()
    {
        await FillAsync();
        var other = Raw(frame: "another").Id;
        await _subject.RotAsync($"UPDATE parsed_events SET event_id = {(engine == TransferEngine.Timescale ? $@"'\x{other}'" : $"x'{other}'")} {Where(_parsed)}");

        var findings = (await _subject.ScrubAsync()).Findings;

        Assert.Equal([ScrubKind.EventMissing, ScrubKind.EventId], findings.Select(f => f.Kind));
        Assert.Equal(($"event_id {other}", $"event_id {_parsed.Id}"), (findings[1].Stored, findings[1].Expected));
    }

    [SkippableFact]
    public async Task Pass_IndexRowMissing_NamesTheEvent()
    {
        await FillAsync();
        await _subject.RotAsync($"DELETE FROM event_index {Where(_raw)}");

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.IndexMissing, true), (finding.Kind, finding.Row.Contains(_raw.Id.ToString(), StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Pass_IndexRowTooMany_NamesIt()
    {
        await FillAsync();
        var other = Raw(frame: "another").Id;
        await _subject.RotAsync($"""
            INSERT INTO event_index (source_truth_time, event_id, lane, first_seen, parts_check)
            SELECT source_truth_time, {(engine == TransferEngine.Timescale ? $@"'\x{other}'" : $"x'{other}'")}, lane, first_seen, parts_check FROM event_index {Where(_raw)}
            """);

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.EventMissing, true), (finding.Kind, finding.Row.Contains(other.ToString(), StringComparison.Ordinal)));
    }

    [SkippableTheory]
    [InlineData("lane = 1", "lane")]
    [InlineData("parts_check = parts_check # 1", "parts_check")]
    public async Task Pass_ChangedIndexRow_NamesTheColumn(string change, string column)
    {
        await FillAsync();
        // Bits are exclusive-ored by other operators.
        if (engine != TransferEngine.Timescale) change = change.Replace("parts_check # 1", "(parts_check | 1) - (parts_check & 1)", StringComparison.Ordinal);
        await _subject.RotAsync($"UPDATE event_index SET {change} {Where(_raw)}");

        var findings = (await _subject.ScrubAsync()).Findings;

        Assert.Contains(findings, f => f.Kind == ScrubKind.IndexDiffers && f.Problem.StartsWith(column, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Pass_IndexRowAtAnotherTime_IsNamedFromBothSides()
    {
        await FillAsync();
        await _subject.RotAsync($"UPDATE event_index SET first_seen = {_subject.Fixture.Microseconds(_raw.CanonicalTime + 5_000_000)} {Where(_raw)}");

        Assert.Equal([ScrubKind.EventMissing, ScrubKind.IndexDiffers], (await _subject.ScrubAsync()).Findings.Select(f => f.Kind));
    }

    [SkippableFact]
    public async Task Pass_EventMissing_NamesIt()
    {
        await FillAsync();
        await _subject.RotAsync($"DELETE FROM raw_events {Where(_raw)}");

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((ScrubKind.EventMissing, "raw_events", true), (finding.Kind, finding.Table, finding.Row.Contains(_raw.Id.ToString(), StringComparison.Ordinal)));
    }

    [SkippableTheory]
    [InlineData("DELETE FROM command_requests", ScrubKind.RequestDiffers)]
    [InlineData("UPDATE command_requests SET request_id = 'r3'", ScrubKind.RequestDiffers)]
    public async Task Pass_ChangedRequest_NamesIt(string change, ScrubKind kind)
    {
        await FillAsync();
        await _subject.RotAsync($"{change} {Where(_request)}");

        var finding = Assert.Single((await _subject.ScrubAsync()).Findings);

        Assert.Equal((kind, true), (finding.Kind, finding.Row.Contains(_request.Id.ToString(), StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Pass_RequestOfNoCommand_NamesIt()
    {
        await FillAsync();
        await _subject.RotAsync($"UPDATE command_requests SET event_id = {Hex(_raw, engine)} {Where(_request)}");

        Assert.Contains((await _subject.ScrubAsync()).Findings, f => f.Kind == ScrubKind.CommandMissing && f.Row.Contains("r1", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Pass_MergedBatches_FindsTheSame()
    {
        await FillAsync();
        await _subject.AddAsync(Run(15, 5));
        await _subject.AddAsync(Parsed(SomeNoon + 77));
        while (await _subject.Fixture.Batches.MergeStepAsync(0, default) is not null) { }
        while (await _subject.Fixture.EventBatches.MergeStepAsync(0, default) is not null) { }
        Assert.Empty((await _subject.ScrubAsync()).Findings);

        await _subject.RotAsync($"UPDATE parsed_events SET stream_type = 'other' {Where(_parsed)}");
        await _subject.RotReadingAsync("UPDATE {0} SET flags = 8", 12, SomeReadingTime);

        Assert.Equal([ScrubKind.ReadingSum, ScrubKind.EventSum], (await _subject.ScrubAsync()).Findings.Select(f => f.Kind));
    }

    [SkippableFact]
    public async Task Pass_KilledAfterEachStep_GoesOnWhereItWas()
    {
        await FillAsync();
        await _subject.RotAsync($"DELETE FROM event_index {Where(_raw)}");
        await _subject.RotReadingAsync("UPDATE {0} SET flags = 8", 12, SomeReadingTime);

        var state = ScrubPass.Begin(_subject.Fixture.Clock);
        for (var steps = 0; state.Part != ScrubPart.Done; steps++)
        {
            await new ScrubPass(_subject.Sources, state, _subject.Fixture.Clock).StepAsync(5, default);
            state = JsonSerializer.Deserialize<ScrubState>(JsonSerializer.Serialize(state))!;
            Assert.InRange(steps, 0, 1_000);
        }

        Assert.Equal([ScrubKind.ReadingSum, ScrubKind.IndexMissing], state.Findings.Select(f => f.Kind));
    }
}

public sealed class SqliteScrubTests() : ScrubContract(TransferEngine.Sqlite);

public sealed class DuckDbScrubTests() : ScrubContract(TransferEngine.DuckDb);

public sealed class TimescaleScrubTests() : ScrubContract(TransferEngine.Timescale)
{
    [SkippableFact]
    public async Task Pass_WithoutAmcheck_SaysThatIndexesWereNotChecked()
    {
        await FillAsync();

        Assert.Contains((await Subject.ScrubAsync()).Notes, note => note.Contains("CREATE EXTENSION amcheck", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("XX000")] // internal error
    [InlineData("XX001")] // damaged data
    [InlineData("58P01")] // missing file
    public async Task Pass_EngineFailsOnARow_IsDamageAndThePassGoesOnToItsEnd(string state)
    {
        await FillAsync();
        await Subject.RotAsync($"""
            CREATE FUNCTION fail() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no such page' USING ERRCODE = '{state}'; END $$;
            ALTER TABLE event_index RENAME TO readable; CREATE VIEW event_index AS SELECT * FROM readable WHERE fail()
            """);

        var pass = await Subject.ScrubAsync();

        Assert.Equal(ScrubPart.Done, pass.Part);
        Assert.Contains(pass.Findings, f => f.Kind == ScrubKind.Damage && f.Problem.Contains("no such page", StringComparison.Ordinal));
    }

    // As when the header of a row has rotted: a scan of a page whose rows are visible to all does not look at it, and a look-up does.
    [SkippableFact]
    public async Task Pass_ReadingThatOnlyAScanOfTheTableFinds_IsMissing()
    {
        await FillAsync();
        const string SetReady = """
            UPDATE pg_index SET indisready = {0} WHERE indexrelid IN (SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE '%sensor_readings%')
            """;
        await Subject.RotAsync(SetReady.Replace("{0}", "false", StringComparison.Ordinal));
        await Subject.AddAsync(Run(15, 1));
        await Subject.RotAsync(SetReady.Replace("{0}", "true", StringComparison.Ordinal));
        await Subject.RotAsync("ANALYZE sensor_readings"); // The server prefers to scan a table that it knows to be small.

        var finding = Assert.Single((await Subject.ScrubAsync(5_000)).Findings);

        Assert.Equal(ScrubKind.ReadingSum, finding.Kind);
        Assert.Contains("1 reading that was committed is missing", finding.Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Pass_IndexWithoutARow_NamesTheIndex()
    {
        await FillAsync();
        await Subject.RotAsync("CREATE EXTENSION amcheck");
        Assert.Empty((await Subject.ScrubAsync()).Findings);

        // A row comes while the index does not take any.
        await Subject.RotAsync("CREATE INDEX rotten ON command_requests (accepted_at)");
        await Subject.RotAsync("UPDATE pg_index SET indisready = false WHERE indexrelid = 'rotten'::regclass");
        await Subject.AddAsync(Command(SomeNoon + 9, request: "r9"));
        await Subject.RotAsync("UPDATE pg_index SET indisready = true WHERE indexrelid = 'rotten'::regclass");

        var state = await Subject.ScrubAsync();
        Assert.Equal([(ScrubKind.Damage, "index rotten")], state.Findings.Select(f => (f.Kind, f.Table)));
        Assert.DoesNotContain(state.Notes, note => note.Contains("amcheck", StringComparison.Ordinal));
    }
}
