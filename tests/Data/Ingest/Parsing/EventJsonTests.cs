using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck.Fluent;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Ingest.Parsing.ParserRun;

namespace SensorDash.Data.Tests.Ingest.Parsing;

public sealed class EventJsonTests
{
    private const long Now = ManualTime.Noon * 1_000_000;

    private const string Raw = """{"lane":"raw","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","connectionId":"conn1","sequence":7,"bytes":"dGVzdCBkYXRh"}""";

    private const string Parsed = """
        {"lane":"parsed","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","streamId":"stream1","streamType":"nav.pvt","schemaVersion":"1.0","payload":{"key2":"value2","key1":"value1","key3":3.0}}
        """;

    private const string Ui = """
        {"lane":"ui","scopeId":"s","sourceTruthTime":"2026-01-26T10:00:00.5+01:00","messageType":"UiUpdate","systemId":"a","containerId":"b","uniqueId":"c","viewId":"d","manifestId":"m","manifestVersion":"1","data":{"speed":null}}
        """;

    private const string Command = """
        {"lane":"command","scopeId":"s","sourceTruthTime":"2026-01-26T10:00:00Z","messageType":"CommandRequest","commandId":"cmd1","requestId":"req1","targetId":"dev1","commandType":"setRate","timelineMode":"live","payload":{"value":18}}
        """;

    private const string Metadata = """
        {"lane":"metadata","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:02Z","messageType":"ProducerDescriptor","streamId":"stream1","effectiveTime":"2026-01-26T11:00:00+01:00","payload":{"capabilities":["nav.pvt","nav.sat"]}}
        """;

    [Fact]
    public async Task Parse_EveryLane_GivesItsEventWithItsId()
    {
        var run = await OfAsync(Ndjson, string.Join('\n', Raw, Parsed.Trim(), Ui.Trim(), Command.Trim(), Metadata.Trim()));

        Assert.Empty(run.Rejected);
        var raw = Assert.IsType<RawEvent>(run.Rows[0]);
        Assert.Equal(("81cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956", "testScope", "conn1", 7L, "test data", null),
            (raw.Id.ToString(), raw.ScopeId, raw.ConnectionId, raw.Sequence, Encoding.ASCII.GetString(raw.Content), raw.SourceText));
        var parsed = Assert.IsType<ParsedEvent>(run.Rows[1]);
        Assert.Equal(("397f9b5ce7bd394e53514f134093f545e98e7dc9a1ee725af0b971f339a06886", "stream1", "nav.pvt", "1.0", """{"key1":"value1","key2":"value2","key3":3}"""),
            (parsed.Id.ToString(), parsed.StreamId, parsed.StreamType, parsed.SchemaVersion, Encoding.UTF8.GetString(parsed.Content)));
        var ui = Assert.IsType<UiEvent>(run.Rows[2]);
        Assert.Equal(("2026-01-26T10:00:00.5+01:00", 1_769_418_000_500_000, "UiUpdate", "a|b|c:d", "m", "1", """{"speed":null}"""),
            (ui.SourceText, ui.SourceTime, ui.MessageType, ui.IdentityKey, ui.ManifestId, ui.ManifestVersion, Encoding.UTF8.GetString(ui.Content)));
        var command = Assert.IsType<CommandEvent>(run.Rows[3]);
        Assert.Equal(("CommandRequest", "cmd1", "req1", "dev1", "setRate", "live", "req1"),
            (command.MessageType, command.CommandId, command.RequestId, command.TargetId, command.CommandType, command.TimelineMode, command.IdentityKey));
        var metadata = Assert.IsType<MetadataEvent>(run.Rows[4]);
        Assert.Equal(("c15ecfb53374027355e1a063b0d3b6782006055fdd9a2664dfda5a7415a88ba0", "ProducerDescriptor", "stream1", null, 1_769_421_600_000_000),
            (metadata.Id.ToString(), metadata.MessageType, metadata.StreamId, metadata.ManifestId, metadata.EffectiveTime));
        Assert.All(run.Rows, e => Assert.Equal((e.ComputeId(), 0L), (e.Id, e.CanonicalTime)));
    }

    public static TheoryData<string, string, string?, string?, string> Errors => new()
    {
        { Raw, "lane", null, "lane", "lane is missing" },
        { Raw, "lane", "\"audio\"", "lane", "lane must be raw, parsed, ui, command or metadata, not 'audio'" },
        { Raw, "scopeId", null, "scopeId", "scopeId is missing" },
        { Raw, "scopeId", "\"a b\"", "scopeId", "scopeId must be 1 to 64 letters, digits, dots, underscores or hyphens, not 'a b'" },
        { Raw, "scopeId", $"\"{new string('x', 65)}\"", "scopeId", "must be 1 to 64" },
        { Raw, "scopeId", "\"\"", "scopeId", "scopeId must not be empty" },
        { Raw, "scopeId", "7", "scopeId", "scopeId must be a string" },
        { Raw, "sourceTruthTime", null, "sourceTruthTime", "sourceTruthTime is missing" },
        { Raw, "sourceTruthTime", "\"yesterday\"", "sourceTruthTime", "must be an RFC 3339 time with a UTC offset, such as 2026-01-26T10:00:00Z, not 'yesterday'" },
        { Raw, "sourceTruthTime", "\"2026-01-26T10:00:00\"", "sourceTruthTime", "must be an RFC 3339 time" },
        { Raw, "sourceTruthTime", "\"1999-12-31T23:59:59.999999Z\"", "sourceTruthTime", "must be 2000-01-01T00:00:00Z to 2026-07-02T12:00:00Z (now + 1 day), not" },
        { Raw, "sourceTruthTime", "\"2026-07-02T12:00:00.000001Z\"", "sourceTruthTime", "(now + 1 day)" },
        { Raw, "connectionId", null, "connectionId", "connectionId is missing" },
        { Raw, "connectionId", "null", "connectionId", "connectionId is missing" },
        { Raw, "connectionId", $"\"{new string('x', 257)}\"", "connectionId", "must be at most 256 bytes long, not 257" },
        { Raw, "connectionId", "\"a\\u0000\"", "connectionId", "U+0000" },
        { Raw, "connectionId", "\"a\\u001b[2J\"", "connectionId", "connectionId must not contain the character U+001B" },
        { Raw, "connectionId", "\"a\\u0085\"", "connectionId", "U+0085" },
        { Raw, "connectionId", "\"\uFEFFa\"", "connectionId", "U+FEFF" },
        { Parsed, "streamId", "\"a\u202Eb\"", "streamId", "U+202E" },
        { Parsed, "streamType", "\"a\\u2066b\"", "streamType", "U+2066" },
        { Ui, "viewId", "\"a\\nb\"", "viewId", "U+000A" },
        { Command, "commandId", "\"a\\u2028b\"", "commandId", "U+2028" },
        { Raw, "lane", "\"\\u202Eraw\"", "lane", "lane must not contain the character U+202E" },
        { Raw, "sourceTruthTime", "\"a\\u001b\"", "sourceTruthTime", "not 'a\\u001B'" },
        { Parsed, "payload", $"{{\"{new string('k', 500_000)}\":1,\"{new string('k', 500_000)}\":2}}", "payload", $"payload contains the key \"{new string('k', 100)}…\" twice" },
        { Raw, "connectionId", "\"a\\ud800\"", "connectionId", "contains an unpaired surrogate" },
        { Raw, "sequence", null, "sequence", "sequence is missing" },
        { Raw, "sequence", "-1", "sequence", "sequence must be a whole number from 0 to 9223372036854775807" },
        { Raw, "sequence", "9223372036854775808", "sequence", "must be a whole number" },
        { Raw, "sequence", "1.0", "sequence", "must be a whole number" },
        { Raw, "sequence", "\"1\"", "sequence", "must be a whole number" },
        { Raw, "bytes", null, "bytes", "bytes is missing" },
        { Raw, "bytes", "\"a===\"", "bytes", "bytes must be base64" },
        { Raw, "bytes", "\"dGVz\u00a0\"", "bytes", "bytes must be base64" },
        { Raw, "bytes", $"\"{new string('A', 349_528)}\"", "bytes", "bytes must be at most 262144 bytes, not 262146" },
        { Raw, "eventId", "\"81CB\"", "eventId", "eventId must be 64 lower-case hexadecimal digits" },
        { Raw, "eventId", $"\"{new string('0', 64)}\"", "eventId", "eventId does not match its content" },
        { Parsed, "streamId", null, "streamId", "streamId is missing" },
        { Parsed, "streamType", null, "streamType", "streamType is missing" },
        { Parsed, "schemaVersion", null, "schemaVersion", "schemaVersion is missing" },
        { Parsed, "payload", null, "payload", "payload is missing" },
        { Parsed, "payload", "[1]", "payload", "payload must be a JSON object" },
        { Parsed, "payload", "{\"a\":9007199254740993}", "payload", "payload contains the whole number 9007199254740993, which is beyond ±2^53; send it as a string" },
        { Parsed, "payload", "{\"a\":{\"b\":1,\"b\":1}}", "payload", "payload contains the key \"b\" twice" },
        { Parsed, "payload", "{\"a\":\"\\ud800\"}", "payload", "payload contains an unpaired surrogate" },
        { Ui, "messageType", "\"UiOther\"", "messageType", "messageType must be UiUpdate, UiCheckpoint, not 'UiOther'" },
        { Ui, "systemId", null, "systemId", "is missing" },
        { Ui, "containerId", null, "containerId", "is missing" },
        { Ui, "uniqueId", null, "uniqueId", "is missing" },
        { Ui, "viewId", null, "viewId", "is missing" },
        { Ui, "manifestId", null, "manifestId", "is missing" },
        { Ui, "manifestVersion", null, "manifestVersion", "is missing" },
        { Ui, "systemId", "\"a|b\"", "systemId", "systemId must not contain '|'" },
        { Ui, "containerId", "\"a|b\"", "containerId", "containerId must not contain '|'" },
        { Ui, "viewId", "\"a:b\"", "viewId", "viewId must not contain ':'" },
        { Ui, "data", null, "data", "data is missing" },
        { Command, "messageType", "\"Command\"", "messageType", "must be CommandRequest, CommandProgress, CommandResult" },
        { Command, "commandId", null, "commandId", "is missing" },
        { Command, "requestId", null, "requestId", "requestId is missing" },
        { Command, "messageType", "\"CommandResult\"", "requestId", "requestId is allowed only for CommandRequest, not for CommandResult" },
        { Command, "targetId", null, "targetId", "is missing" },
        { Command, "commandType", null, "commandType", "is missing" },
        { Command, "timelineMode", null, "timelineMode", "is missing" },
        { Command, "timelineMode", "\"soon\"", "timelineMode", "timelineMode must be live or replay, not 'soon'" },
        { Command, "payload", null, "payload", "is missing" },
        { Metadata, "messageType", null, "messageType", "is missing" },
        { Metadata, "streamId", null, "streamId", "streamId or manifestId is required" },
        { Metadata, "effectiveTime", "\"soon\"", "effectiveTime", "effectiveTime must be an RFC 3339 time" },
        { Metadata, "payload", "null", "payload", "payload is missing" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Parse_OneMemberAtFault_IsRejectedByItsNameAndTheNextLineIsKept(string good, string member, string? value, string? field, string error)
    {
        var run = await OfAsync(Ndjson, With(good, member, value) + "\n" + Raw);

        var rejected = Assert.Single(run.Rejected);
        Assert.Equal((1L, field), (rejected.Line, rejected.Field));
        Assert.Contains(error, rejected.Error, StringComparison.Ordinal);
        Assert.Equal([2L], run.Lines);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("REPLAY")]
    public async Task Parse_CommandInReplayMode_IsRefusedInTheWordsOfTheContract(string mode)
        => Assert.Equal("Commands not allowed in REPLAY mode", Assert.Single((await OfAsync(Ndjson, With(Command, "timelineMode", $"\"{mode}\""))).Rejected).Error);

    [Fact]
    public async Task Parse_WhatDoesNotMatter_IsPassedOver()
    {
        var exported = With(With(Raw, "canonicalTruthTime", "\"2020-01-01T00:00:00Z\""), "note", "{\"deep\":[[[[1e999]]]]}");
        var plain = (await OfAsync(Ndjson, Raw)).Rows.Single();

        var parsed = Assert.Single((await OfAsync(Ndjson, With(exported, "eventId", $"\"{plain.Id}\""))).Rows);

        Assert.Equal((plain.Id, 0L), (parsed.Id, parsed.CanonicalTime));
    }

    [Fact]
    public async Task Parse_ProducersIdTrusted_IsKept()
    {
        var foreign = With(Raw, "eventId", $"\"{new string('0', 64)}\"");
        var run = await OfAsync(body => new NdjsonParser<LaneEvent>(body, new EventJsonParser(Now, trustsProducerIds: true)), foreign);

        Assert.Equal(default, Assert.Single(run.Rows).Id);
    }

    [Fact]
    public async Task Parse_LongestRawFrame_IsTaken()
    {
        var frame = new byte[EventJsonParser.MaxFrameLength];
        Random.Shared.NextBytes(frame);

        var run = await OfAsync(Ndjson, With(Raw, "bytes", $"\"{Convert.ToBase64String(frame)}\""));

        Assert.Equal(frame, Assert.Single(run.Rows).Content);
    }

    [Fact]
    public async Task Json_BadElementsAmongGoodOnes_CostOnlyThemselves()
    {
        var deep = $"{{\"lane\":\"parsed\",\"scopeId\":\"s\",\"payload\":{new string('[', 5_000)}{new string(']', 5_000)}}}";
        var run = await OfAsync(Json, $"[{Raw}, 7, {With(Parsed, "streamId", null)}, {deep}, {With(Parsed, "payload", new string('[', 70) + new string(']', 70))}, {Parsed}]");

        Assert.Equal([1L, 6L], run.Lines);
        Assert.Equal([2L, 3L, 4L, 5L], run.Rejected.Select(r => r.Line));
    }

    [Fact]
    public async Task Ndjson_BytesThatAreNoUtf8_AreRejectedAlone()
    {
        var bad = Encoding.Latin1.GetBytes(With(Parsed, "streamId", "\"ä\""));

        var run = await OfAsync(Ndjson, [.. bad, (byte)'\n', .. Encoding.UTF8.GetBytes(Raw)]);

        Assert.Equal("the event is not valid UTF-8", Assert.Single(run.Rejected).Error);
        Assert.Equal([2L], run.Lines);
    }

    [Fact]
    public void Body_InRandomPieces_GivesTheSame()
        => PropertyCheck.ForAllAsync(
            from lines in Gen.Elements(Raw, Parsed.Trim(), Ui.Trim(), Command.Trim(), Metadata.Trim(), "{\"lane\":\"raw\"}", "nonsense").ListOf()
            from isArray in Gen.Elements(true, false)
            from cuts in Gen.Choose(0, 2000).ListOf()
            select (Text: isArray ? $"[{string.Join(",\n", lines)}]" : string.Join('\n', lines), isArray, cuts: cuts.ToArray()),
            async given =>
            {
                Func<PipeReader, BodyParser<LaneEvent>> parser = given.isArray ? Json : Ndjson;
                var whole = await OfAsync(parser, given.Text);
                var pieces = await InPiecesAsync(parser, Encoding.UTF8.GetBytes(given.Text), given.cuts);
                return whole.Rows.Select(e => e.Id).SequenceEqual(pieces.Rows.Select(e => e.Id)) && whole.Lines.SequenceEqual(pieces.Lines)
                    && whole.Rejected.SequenceEqual(pieces.Rejected);
            },
            times: 200);

    [Fact]
    public async Task Body_OfLargeEvents_IsReadInBatchesOfFewMegabytes()
    {
        var large = With(Raw, "bytes", $"\"{Convert.ToBase64String(new byte[EventJsonParser.MaxFrameLength])}\"");
        var parser = Ndjson(PipeReader.Create(new(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Repeat(large, 40))))));
        var batch = new ParsedBatch<LaneEvent>();

        Assert.True(await parser.ReadAsync(batch, CancellationToken.None));

        Assert.InRange(batch.SourceBytes, 4 << 20, (4 << 20) + EventJsonParser.MaxEventLength);
    }

    private static string With(string json, string member, string? value)
    {
        var made = JsonNode.Parse(json)!.AsObject();
        made.Remove(member);
        var text = made.ToJsonString();
        return value is null ? text : $"{text[..^1]},\"{member}\":{value}}}";
    }

    private static BodyParser<LaneEvent> Ndjson(PipeReader body) => new NdjsonParser<LaneEvent>(body, new EventJsonParser(Now, false));

    private static BodyParser<LaneEvent> Json(PipeReader body) => new JsonBodyParser<LaneEvent>(body, new EventJsonParser(Now, false));
}
