using SensorDash.Data.Readings;
using static SensorDash.Data.Tests.Ingest.Parsing.ParserRun;

namespace SensorDash.Data.Tests.Ingest.Parsing;

/// <summary>Which objects are readings and which are not, the same in JSON and NDJSON.</summary>
public sealed class ReadingRulesTests
{
    private const string Time = "1782907200";

    [Fact]
    public async Task Object_EveryField_IsRead()
    {
        var reading = await ReadingOfAsync("""
            {"node_address": 12, "timestamp": 1782907000, "temperature_centidegrees": -2534, "humidity_centipercent": 6521,
             "flags": 4294967295, "received_at": 1782907100, "device_id": "18446744073709551615"}
            """);

        Assert.Equal(new Reading(12, 1782907000, -2534, 6521, uint.MaxValue, 1782907100, ulong.MaxValue), reading);
    }

    [Fact]
    public async Task Object_OptionalFieldsAbsent_HaveTheirDefaults()
        => Assert.Equal(new Reading(12, Now, null, 0, 0, Now, null),
            await ReadingOfAsync($$"""{"node_address":12,"timestamp":{{Time}},"humidity_centipercent":0}"""));

    [Fact]
    public async Task Object_OptionalFieldsNull_AreAsAbsent()
        => Assert.Equal(new Reading(12, Now, 0, null, 0, Now, null), await ReadingOfAsync(
            $$"""{"node_address":12,"timestamp":{{Time}},"temperature_centidegrees":0,"humidity_centipercent":null,"flags":null,"received_at":null,"device_id":null}"""));

    [Theory]
    [InlineData("\"node_address\":1")]
    [InlineData("\"node_address\":2147483647")]
    [InlineData("\"timestamp\":946684800")]
    [InlineData("\"timestamp\":1782993600")] // now + 1 day
    [InlineData("\"received_at\":946684800")]
    [InlineData("\"received_at\":1782993600")]
    [InlineData("\"temperature_centidegrees\":-32768")]
    [InlineData("\"temperature_centidegrees\":32767")]
    [InlineData("\"temperature_celsius\":-327.68")]
    [InlineData("\"temperature_celsius\":327.67")]
    [InlineData("\"humidity_centipercent\":0")]
    [InlineData("\"humidity_centipercent\":10000")]
    [InlineData("\"humidity_percent\":100")]
    [InlineData("\"flags\":0")]
    [InlineData("\"flags\":4294967295")]
    [InlineData("\"device_id\":\"0\"")]
    [InlineData("\"device_id\":\"18446744073709551615\"")]
    [InlineData("\"device_id\":18446744073709551615")]
    [InlineData("\"device_id\":\"7\",\"device_id\":7,\"flags\":3,\"flags\":3")]
    [InlineData("\"device_id\":\"\\u0037\"")]
    [InlineData("\"temperature_celsius\":20.5,\"temperature_centidegrees\":2050")] // The same twice is no contradiction.
    [InlineData("\"unknown\":{\"a\":[1,{\"node_address\":-1}]}")]
    [InlineData("\"\\u006eode_address\":12")]
    public async Task Member_AtItsLimit_IsTaken(string member)
    {
        foreach (var parser in new[] { Json, Ndjson })
        {
            var run = await OfAsync(parser, ObjectWith(member));
            Assert.True(run.Rows.Count == 1, run.ToString());
        }
    }

    [Theory]
    [InlineData("\"node_address\":0", "node_address")]
    [InlineData("\"flags\":1,\"flags\":2", "flags")]
    [InlineData("\"device_id\":\"1\",\"device_id\":\"2\"", "device_id")]
    [InlineData("\"device_id\":1,\"device_id\":\"2\"", "device_id")]
    [InlineData("\"node_address\":-1", "node_address")]
    [InlineData("\"node_address\":2147483648", "node_address")]
    [InlineData("\"node_address\":1.5", "node_address")]
    [InlineData("\"node_address\":\"12\"", "node_address")]
    [InlineData("\"node_address\":null", "node_address")]
    [InlineData("\"node_address\":99999999999999999999", "node_address")]
    [InlineData("\"timestamp\":946684799", "timestamp")]
    [InlineData("\"timestamp\":1782993601", "timestamp")]
    [InlineData("\"timestamp\":1782907200000", "timestamp")]
    [InlineData("\"timestamp\":\"2026-07-01T12:00:00Z\"", "timestamp")]
    [InlineData("\"timestamp\":null", "timestamp")]
    [InlineData("\"received_at\":0", "received_at")]
    [InlineData("\"received_at\":1782993601", "received_at")]
    [InlineData("\"temperature_centidegrees\":-32769", "temperature_centidegrees")]
    [InlineData("\"temperature_centidegrees\":32768", "temperature_centidegrees")]
    [InlineData("\"temperature_centidegrees\":20.5", "temperature_centidegrees")]
    [InlineData("\"temperature_celsius\":327.68", "temperature_centidegrees")]
    [InlineData("\"temperature_celsius\":1e300", "temperature_celsius")]
    [InlineData("\"temperature_celsius\":\"20\"", "temperature_celsius")]
    [InlineData("\"humidity_centipercent\":-1", "humidity_centipercent")]
    [InlineData("\"humidity_centipercent\":10001", "humidity_centipercent")]
    [InlineData("\"humidity_percent\":100.01", "humidity_centipercent")]
    [InlineData("\"humidity_percent\":true", "humidity_percent")]
    [InlineData("\"flags\":-1", "flags")]
    [InlineData("\"flags\":4294967296", "flags")]
    [InlineData("\"device_id\":\"-1\"", "device_id")]
    [InlineData("\"device_id\":\"18446744073709551616\"", "device_id")]
    [InlineData("\"device_id\":\"0x1F\"", "device_id")]
    [InlineData("\"device_id\":\" 1\"", "device_id")]
    [InlineData("\"device_id\":\"\"", "device_id")]
    [InlineData("\"device_id\":\"\\ud800\"", "device_id")] // Half a character: valid JSON, no text.
    [InlineData("\"device_id\":-1", "device_id")]
    [InlineData("\"device_id\":[1]", "device_id")]
    [InlineData("\"temperature_celsius\":20.5,\"temperature_centidegrees\":2051", "temperature_centidegrees")]
    [InlineData("\"humidity_centipercent\":1,\"humidity_percent\":0.02", "humidity_percent")]
    [InlineData("\"node_address\":12,\"node_address\":13", "node_address")]
    public async Task Member_BeyondItsLimit_IsRejectedByName(string member, string field)
    {
        foreach (var parser in new[] { Json, Ndjson })
        {
            var run = await OfAsync(parser, ObjectWith(member));
            Assert.Empty(run.Rows);
            Assert.Equal((1, field), (run.Rejected[0].Line, run.Rejected[0].Field));
            Assert.NotEmpty(run.Rejected[0].Error);
        }
    }

    [Theory]
    [InlineData("{}", "node_address")]
    [InlineData("{\"node_address\":12}", "timestamp")]
    [InlineData("{\"node_address\":12,\"timestamp\":1782907200}", "temperature_centidegrees")]
    [InlineData("{\"node_address\":12,\"timestamp\":1782907200,\"temperature_celsius\":null,\"humidity_percent\":null}", "temperature_centidegrees")]
    [InlineData("{\"timestamp\":1782907200,\"temperature_celsius\":1}", "node_address")]
    public async Task Object_RequiredMemberMissing_IsRejectedByName(string text, string field)
        => Assert.Equal(field, (await OfAsync(Ndjson, text)).Rejected.Single().Field);

    [Theory]
    [InlineData("1")]
    [InlineData("\"text\"")]
    [InlineData("null")]
    [InlineData("[[]]")]
    [InlineData("[1]")]
    public async Task Json_NoObject_IsRejected(string text)
    {
        var run = await OfAsync(Json, text);

        Assert.Empty(run.Rows);
        Assert.Equal(1, run.RejectedCount);
    }

    [Theory]
    [InlineData("25.34", 2534)]
    [InlineData("-25.34", -2534)]
    [InlineData("0.29", 29)] // 0.29 × 100 is 28.999999999999996 in binary.
    [InlineData("1.005", 101)]
    [InlineData("-1.005", -101)]
    [InlineData("1.0049999", 100)]
    [InlineData("0.004999999999999999999999999999999999999", 0)]
    [InlineData("25.3449999999999999999999999999999999999", 2534)]
    [InlineData("2.534e1", 2534)]
    [InlineData("2534E-2", 2534)]
    [InlineData("0", 0)]
    [InlineData("-0.0", 0)]
    [InlineData("-0.001", 0)]
    [InlineData("21", 2100)]
    public async Task Decimal_AnyNotation_IsExactAndRoundsHalfAwayFromZero(string number, short hundredths)
    {
        Assert.Equal(hundredths, (await ReadingOfAsync(ObjectWith($"\"temperature_celsius\":{number}"))).TemperatureCentidegrees);
        var line = await OfAsync(Lines_s, $"climate,node=12 temp={number} {Time}");
        Assert.Equal(hundredths, line.Rows.Single().TemperatureCentidegrees);
    }

    [Fact]
    public async Task Timestamp_InMilliseconds_IsRejectedWithAHint()
        => Assert.Contains("milliseconds", (await OfAsync(Ndjson, ObjectWith("\"timestamp\":1782907200000"))).Rejected.Single().Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"\\udc00x\":1,\"node_address\":12}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    public async Task Member_NameThatIsNoText_IsNoFailure(string text)
    {
        foreach (var parser in new[] { Json, Ndjson }) Assert.Equal(1, (await OfAsync(parser, text)).RejectedCount);
    }

    private static async Task<Reading> ReadingOfAsync(string text)
    {
        var run = await OfAsync(Json, text);
        Assert.True(run.Rows.Count == 1, run.ToString());
        return run.Rows[0];
    }

    // The members a reading needs, each unless the case brings its own.
    private static string ObjectWith(string member)
    {
        var members = new List<string>();
        if (!member.Contains("ode_address\":", StringComparison.Ordinal)) members.Add("\"node_address\":12");
        if (member.Contains("unknown", StringComparison.Ordinal)) members.Add("\"node_address\":12");
        if (!member.Contains("timestamp", StringComparison.Ordinal)) members.Add($"\"timestamp\":{Time}");
        if (!member.Contains("temperature", StringComparison.Ordinal)) members.Add("\"temperature_centidegrees\":2150");
        return $"{{{string.Join(',', members.Append(member))}}}";
    }
}
