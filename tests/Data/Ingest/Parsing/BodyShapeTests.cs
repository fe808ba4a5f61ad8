using System.Text;
using FsCheck.Fluent;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Ingest.Parsing.ParserRun;
using Pipe = System.IO.Pipelines.PipeReader;

namespace SensorDash.Data.Tests.Ingest.Parsing;

/// <summary>Bodies as they come over a network: cut anywhere, too long, broken.</summary>
public sealed class BodyShapeTests
{
    private const string Good = """{"node_address":12,"timestamp":1782907200,"temperature_celsius":21.5}""";
    private const string Bad = """{"node_address":0,"timestamp":1782907200,"temperature_celsius":21.5}""";

    public static TheoryData<string, string> Bodies => new()
    {
        { "json", $"[{Good}, {Bad} ,{Good}]" },
        { "json", $"\uFEFF [\r\n{Good},\n{Bad}]\n" },
        { "json", Good },
        { "json", "[]" },
        { "json", "" },
        { "json", "  \n " },
        { "json", $"[{Good},{Good},x]" },
        { "json", $"[{Good},{Good}" },
        { "json", $"[{Good}] {Good}" },
        { "json", $"[{Good}{Good}]" },
        { "json", """[{"node_address":12,"timestamp":1782907200,"humidity_percent":0.5,"é€𝄞\u00e9":"\"}]{[","x":[[{}]]}, null, 17, [1]]""" },
        { "ndjson", $"{Good}\n{Bad}\n\n{Good}" },
        { "ndjson", $"\uFEFF{Good}\r\n\r\n{Bad}\r\n x \r\n{Good}\r\n" },
        { "ndjson", $"{Good}{Good}\n{Good} 1\n[{Good}]\n{{\n{Good}" },
        { "ndjson", "\n\n\n" },
        { "lines", "climate,node=12 temp=21.5,hum=40i 1782907200\n# note\r\nclimate,node=0 temp=1 1782907200\n\nx,node=3 temp=1.5e1\r\n" },
        { "lines", "\uFEFFa\\ b\\,c,node=12,place=in\\ the\\=cellar note=\"a, b=\\\"c\\\" d\",temp=21.5 1782907200\nb" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_CutAtEveryByte_GivesTheSame(string format, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        var whole = await OfAsync(Parser(format), body);

        for (var cut = 0; cut <= body.Length; cut++)
            Assert.Equal(whole, await InPiecesAsync(Parser(format), body, [cut]));
        Assert.Equal(whole, await InPiecesAsync(Parser(format), body, Enumerable.Range(0, body.Length)));
    }

    [Fact]
    public void Body_RandomLinesInRandomPieces_GivesTheSame()
    {
        var line = Gen.Elements(Good, Bad, "", "x", "{", "\"", " ", "[1,{\"a\":[]}]", "climate,node=12 temp=21.5 1782907200", "climate,node=1 hum=1i", "#");
        var cases = from format in Gen.Elements("json", "ndjson", "lines")
                    from lines in line.ListOf()
                    from end in Gen.Elements("\n", "\r\n", ",\n")
                    from cuts in Gen.Choose(0, 600).ListOf()
                    let text = string.Join(end, lines)
                    select (Format: format, Text: format == "json" ? $"[{text}]" : text, Cuts: cuts.ToArray());

        PropertyCheck.ForAllAsync(cases, async random =>
        {
            var body = Encoding.UTF8.GetBytes(random.Text);
            return (await OfAsync(Parser(random.Format), body)).Equals(await InPiecesAsync(Parser(random.Format), body, random.Cuts));
        }, times: 300);
    }

    [Fact]
    public void Body_RandomBytes_NeverThrowsAndEndsInRejections()
    {
        // Bytes that mean something to the formats come often, so that the garbage gets past the first character.
        var bytes = Gen.OneOf(Gen.Choose(0, 255), Gen.Elements("{}[]\",:\\=# \n\rnode_1temp.eu-".Select(c => (int)c).ToArray()))
            .Select(b => (byte)b).ListOf().Select(b => b.ToArray());
        var mutated = from text in Gen.Elements(Good, $"[{Good}]", "climate,node=12 temp=21.5 1782907200")
                      from at in Gen.Choose(0, text.Length - 1)
                      from value in Gen.Choose(0, 255)
                      select Mutate(text, at, (byte)value);
        var cases = from format in Gen.Elements("json", "ndjson", "lines")
                    from body in Gen.OneOf(bytes, mutated)
                    select (Format: format, Body: body);

        PropertyCheck.ForAllAsync(cases, async random =>
        {
            var run = await OfAsync(Parser(random.Format), random.Body);
            return run.RejectedCount >= 0 && run.Rows.All(r => r.NodeAddress > 0 && (r.TemperatureCentidegrees ?? r.HumidityCentipercent) is not null);
        }, times: 3000);
    }

    [Fact]
    public void Json_ValidReadingsWrittenAndParsed_AreEqual()
    {
        var values = from node in Gen.Choose(1, int.MaxValue)
                     from time in Gen.Choose(946_684_800, int.MaxValue).Where(t => t <= Now + 86_400)
                     from temperature in Gen.Choose(short.MinValue, short.MaxValue)
                     from humidity in Gen.Choose(0, 10_000)
                     from shape in Gen.Choose(0, 5)
                     from flags in Gen.Choose(0, int.MaxValue)
                     from device in Gen.Choose(0, int.MaxValue)
                     select new Reading(node, time, shape == 1 ? null : (short)temperature, shape == 2 ? null : (short)humidity,
                         (uint)flags * 2, Now - shape, shape == 3 ? null : (ulong)device * 4_294_967_299);

        PropertyCheck.ForAllAsync(values.ListOf().Select(v => v.ToArray()), async readings =>
        {
            var objects = readings.Select((r, i) => Written(r, inWholeUnits: i % 2 == 0)).ToArray();
            var array = await OfAsync(Json, $"[{string.Join(',', objects)}]");
            var lines = await OfAsync(Ndjson, string.Join('\n', objects));
            return array.Rows.SequenceEqual(readings) && lines.Rows.SequenceEqual(readings);
        }, times: 100);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("ndjson")]
    [InlineData("lines")]
    public async Task Body_LongerThanABatch_IsReadInBatchesWithItsLineNumbers(string format)
    {
        const int Count = (2 * Submission.MaxRows) + 7;
        var readings = Enumerable.Range(0, Count).Select(i => format == "lines"
            ? $"c,node=12 temp=1 {1_700_000_000 + i}"
            : $$"""{"node_address":12,"timestamp":{{1_700_000_000 + i}},"temperature_celsius":1}""");
        var text = format == "json" ? $"[{string.Join(",", readings)}]" : string.Join('\n', readings);

        var run = await OfAsync(Parser(format), text);

        Assert.Equal(0, run.RejectedCount);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => 1_700_000_000L + i), run.Rows.Select(r => r.Timestamp));
        Assert.Equal(Enumerable.Range(1, Count).Select(i => (long)i), run.Lines);
        Assert.Equal(run, await InPiecesAsync(Parser(format), Encoding.UTF8.GetBytes(text), Enumerable.Range(1, 200).Select(i => i * 3001)));
    }

    [Fact]
    public async Task Ndjson_BadLinesAmongGoodOnes_AreReportedByLineAndTheGoodKept()
    {
        var run = await OfAsync(Ndjson, $"{Good}\n\n{Bad}\r\nnonsense\n{Good}\n{{\"node_address\":");

        Assert.Equal([1L, 5L], run.Lines);
        Assert.Equal([3L, 4L, 6L], run.Rejected.Select(r => r.Line));
        Assert.Equal(["node_address", null, null], run.Rejected.Select(r => r.Field));
    }

    [Fact]
    public async Task Json_BadElementAmongGoodOnes_IsReportedByItsNumber()
    {
        var run = await OfAsync(Json, $"[{Good},{Bad},7,{Good}]");

        Assert.Equal([1L, 4L], run.Lines);
        Assert.Equal([2L, 3L], run.Rejected.Select(r => r.Line));
    }

    [Fact]
    public async Task Ndjson_MoreThanAHundredBadLines_ListsAHundredAndCountsAll()
    {
        var run = await OfAsync(Ndjson, string.Join('\n', Enumerable.Repeat(Bad, 130)));

        Assert.Equal((100, 130L), (run.Rejected.Count, run.RejectedCount));
        Assert.Equal(Enumerable.Range(1, 100).Select(i => (long)i), run.Rejected.Select(r => r.Line));
    }

    public static TheoryData<string> LongLines => new()
    {
        new string('x', 70_000),
        Good + new string(' ', 70_000),
        new string(' ', 70_000) + Good,
        Good[..^1] + new string(' ', ReadingFields.MaxTextLength + 1 - Good.Length) + "}",
        Good[..^1] + new string(' ', ReadingFields.MaxTextLength - Good.Length) + "}\r",
        Good[..^1] + new string(' ', 200_000) + "}",
    };

    [Theory]
    [MemberData(nameof(LongLines))]
    public async Task Ndjson_TooLongLine_IsRejectedHoweverItArrivesAndTheNextIsKept(string line)
    {
        foreach (var end in new[] { "\n", "\n" + Good + "\n" + Bad })
        {
            var body = Encoding.UTF8.GetBytes(Good + "\n" + line + end);
            var whole = await OfAsync(Ndjson, body);

            Assert.Contains(whole.Rejected, r => r.Line == 2 && r.Error.Contains("longer than 65536", StringComparison.Ordinal));
            Assert.Equal(end.Length > 1 ? [1L, 3L] : [1L], whole.Lines);
            foreach (var piece in new[] { 1000, 4096, 65_536, 65_537 })
                Assert.Equal(whole, await InPiecesAsync(Ndjson, body, Enumerable.Range(1, 300).Select(i => i * piece)));
        }
    }

    [Fact]
    public async Task Ndjson_LongestLineAllowed_IsTakenHoweverItArrives()
    {
        var body = Encoding.UTF8.GetBytes(Good[..^1] + new string(' ', ReadingFields.MaxTextLength - Good.Length) + "}\n" + Good);
        var whole = await OfAsync(Ndjson, body);

        Assert.Equal(2, whole.Rows.Count);
        Assert.Equal(whole, await InPiecesAsync(Ndjson, body, Enumerable.Range(1, 300).Select(i => i * 1000)));
        Assert.Equal(whole, await InPiecesAsync(Ndjson, body, [ReadingFields.MaxTextLength]));
    }

    [Fact]
    public async Task Json_TooLongElement_IsRejectedHoweverItArrives()
    {
        var body = Encoding.UTF8.GetBytes($"[{Good},{Good[..^1]},\"note\":\"{new string('x', 70_000)}\"}},{Good}]");
        var whole = await OfAsync(Json, body);

        Assert.Equal([1L], whole.Lines);
        Assert.Contains(whole.Rejected, r => r.Line == 2 && r.Error.Contains("longer than 65536", StringComparison.Ordinal));
        foreach (var piece in new[] { 1000, 4096, 65_536, 70_100 })
            Assert.Equal(whole, await InPiecesAsync(Json, body, Enumerable.Range(1, 100).Select(i => i * piece)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \r\n")]
    public async Task Json_Nothing_IsOneRejection(string text) => Assert.Equal(1, (await OfAsync(Json, text)).RejectedCount);

    [Fact]
    public async Task Json_MalformedAfterGoodElements_KeepsThemAndSaysWhere()
    {
        var run = await OfAsync(Json, $"[{Good},\n{Good},\n  oops]");

        Assert.Equal(2, run.Rows.Count);
        Assert.Equal((3, "malformed JSON at line 3, byte 3; the rest is skipped"), (run.Rejected.Single().Line, run.Rejected.Single().Error));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("ndjson")]
    [InlineData("lines")]
    public async Task Body_TenThousandRejections_EndTheParsing(string format)
    {
        const int Max = BodyParser<Reading>.MaxRejections;
        var (good, bad) = format == "lines" ? ("c,node=12 temp=1 1782907200", "c,node=0 temp=1 1782907200") : (Good, Bad);
        var lines = Enumerable.Repeat(bad, Max).Prepend(good).Append(good);
        var body = Encoding.UTF8.GetBytes(format == "json" ? $"[{string.Join(",", lines)}]" : string.Join('\n', lines));

        var whole = await OfAsync(Parser(format), body);

        Assert.Equal([1L], whole.Lines);
        Assert.Equal(Max, whole.RejectedCount);
        Assert.Equal(whole, await InPiecesAsync(Parser(format), body, Enumerable.Range(1, 100).Select(i => i * 10_007)));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("ndjson")]
    public async Task Body_ElementsThatArriveSlowly_AreReadFewTimes(string format)
    {
        var element = Good[..^1] + ",\"note\":[" + string.Join(',', Enumerable.Repeat("[\"x\"]", 9_000)) + "]}";
        var body = Encoding.UTF8.GetBytes(format == "json" ? $"[{element},{element}]" : $"{element}\n{element}\n");

        var (run, bytesRead) = await CountedBody.ReadAsync(Parser(format), body, piece: 100);

        Assert.Equal((2, 0L), (run.Rows.Count, run.RejectedCount));
        Assert.InRange(bytesRead, body.Length, 10 * body.Length);
    }

    private static Func<Pipe, BodyParser<Reading>> Parser(string format) => format switch { "json" => Json, "ndjson" => Ndjson, _ => Lines_s };

    private static byte[] Mutate(string text, int at, byte value)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes[at] = value;
        return bytes;
    }

    private static string Written(Reading r, bool inWholeUnits)
    {
        var (temperature, humidity) = inWholeUnits
            ? FormattableString.Invariant($"\"temperature_celsius\":{r.TemperatureCentidegrees / 100m}§\"humidity_percent\":{r.HumidityCentipercent / 100m}").Split('§') is [var t, var h] ? (t, h) : default
            : FormattableString.Invariant($"\"temperature_centidegrees\":{r.TemperatureCentidegrees}§\"humidity_centipercent\":{r.HumidityCentipercent}").Split('§') is [var c, var p] ? (c, p) : default;
        if (r.TemperatureCentidegrees is null) temperature = "\"temperature_celsius\":null";
        if (r.HumidityCentipercent is null) humidity = "\"humidity_percent\":null";
        var device = r.DeviceId is { } id ? $",\"device_id\":\"{id}\"" : "";
        return FormattableString.Invariant(
            $"{{{temperature},\"timestamp\":{r.Timestamp},{humidity},\"flags\":{r.Flags},\"node_address\":{r.NodeAddress},\"received_at\":{r.ReceivedAt}{device}}}");
    }
}
