using System.Globalization;
using System.Text;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>A body of readings, and what its author meant by it.</summary>
/// <param name="Intended">The valid readings with their lines; all other lines are invalid.</param>
internal sealed record ReadingBody(ReadingFormat Format, byte[] Bytes, long UnitsPerSecond, IReadOnlyList<(long Line, Row Row)> Intended);

/// <summary>Valid readings in unusual spellings, between lines that are wrong in one way each.</summary>
/// <param name="nodes">Addresses of the readings.</param>
/// <param name="now">Unix seconds.</param>
internal sealed class ReadingGrammar(IReadOnlyList<int> nodes, long now)
{
    private const long FirstTime = 946_684_800;
    private const int RecentSeconds = 40_000;

    private static readonly string[] _ignored =
    [
        "\"note\":\"\\ud800\"", "\"note\":[[[[[[[[[[{}]]]]]]]]]]", "\"\":null", "\"x\":1e999999999", "\"x\":-0.0e-0", "\"NODE_ADDRESS\":\"no\"", "\"node_address \":7", "\"temperature\":true",
        "\"x\":\"\\u0001\"", "\"n\":{\"node_address\":5,\"timestamp\":1}", "\"😀\":\"😀\\ud83d\\ude00\"", "\"x\":123456789012345678901234567890",
    ];

    // Each is wrong whatever stands beside it.
    private static readonly string[] _wrongFields =
    [
        "\"node_address\":0", "\"node_address\":-1", "\"node_address\":2147483648", "\"node_address\":1.5", "\"node_address\":1e2", "\"node_address\":\"7\"", "\"node_address\":true", "\"node_address\":[1]",
        "\"node_address\":99999999999999999999", "\"timestamp\":946684799", "\"timestamp\":99999999999", "\"timestamp\":-1", "\"timestamp\":1.7e9", "\"timestamp\":1767225600.0", "\"timestamp\":{}",
        "\"timestamp\":9223372036854775807", "\"timestamp\":-9223372036854775808", "\"timestamp\":9223372036854775808", "\"temperature_centidegrees\":32768", "\"temperature_centidegrees\":-32769",
        "\"temperature_centidegrees\":1.0", "\"temperature_celsius\":327.675", "\"temperature_celsius\":-327.685", "\"temperature_celsius\":\"NaN\"", "\"temperature_celsius\":1e400",
        "\"temperature_celsius\":1e9999999999999999999999", "\"temperature_celsius\":\"21.5\"", "\"temperature_celsius\":[]", "\"humidity_percent\":100.005", "\"humidity_percent\":-0.005", "\"humidity_centipercent\":10001",
        "\"humidity_centipercent\":-1", "\"flags\":-1", "\"flags\":4294967296", "\"flags\":\"1\"", "\"flags\":0.5", "\"received_at\":0", "\"received_at\":\"now\"", "\"received_at\":99999999999999",
        "\"device_id\":-1", "\"device_id\":\"18446744073709551616\"", "\"device_id\":\"\"", "\"device_id\":\"+1\"", "\"device_id\":\" 1\"", "\"device_id\":\"0x1\"", "\"device_id\":\"\\ud800\"", "\"device_id\":1.5",
        "\"\\ud800\":1", "\"\\udfff\\ud800\":1",
    ];

    // Not the JSON of anything; none has a line end.
    private static readonly string[] _malformed =
    [
        "{", "}", "[", "]", "nul", "tru", "NaN", "'", "\"", "{\"a\":}", "{\"a\" 1}", "{\"a\":1,}", "{,}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\u0001",
        "{} {}", "{}}", "{}1", "//", "/**/{}", "{\"a\":1}/", "\u0000", "\u00a0{}", "{\"a\":\"\ud800", "{'node_address':1}", "<xml/>", "{\"a\":Infinity}", "--1", "1 2", "[1,]", "[,1]", "\uFEFF\uFEFF{}", "{\"node_address\":1,\"timestamp\"",
    ];

    private static readonly string[] _wrongLines =
    [
        "m", ",", "m,node=1", "m,node=1 ", "m,node=1  temp", "m,node= temp=1", "m,=1 temp=1", "m temp=1", "m,node=x temp=1", "m,node=1.5 temp=1", "m,node=0 temp=1", "m,node=2147483648 temp=1", "m,node=1 temp=NaN", "m,node=1 temp=inf",
        "m,node=1 temp=\"21\"", "m,node=1 temp=t", "m,node=1 temp=1e", "m,node=1 temp=1..2", "m,node=1 temp=--1", "m,node=1 temp=1 1x", "m,node=1 temp=1 1 1", "m,node=1 temp=1 99999999999999999999", "m,node=1 temp=1 0", "m,node=1 temp=1 -1",
        "m,node=1 temp=32768i", "m,node=1 temp=1i,temp=2i", "m,node=1,node=2 temp=1", "m,node=1 hum=101", "m,node=1 hum=-1i", "m,node=1 flags=3", "m,node=1 flags=-1i,temp=1", "m,node=1 other=5", "m,node=1 temp=i", "m,node=1 temp=", "m,node=1 =5",
        "{\"node_address\":1}", "m,node=1 temp=9223372036854775808i", "m,node=1 temp=1e99999999999", "\"", "\\", "m,node=1 temp=1\\", "\u0000",
    ];

    public ReadingBody Make(Random random)
    {
        var format = random.Pick(ReadingFormat.Json, ReadingFormat.Ndjson, ReadingFormat.Lines);
        var units = format == ReadingFormat.Lines ? random.Pick(1L, 1_000, 1_000_000, 1_000_000_000) : 1;
        var (text, intended, line) = (new StringBuilder(random.Rarely(20) ? "\uFEFF" : ""), new List<(long, Row)>(), 0L);
        var count = random.Rarely(50) ? random.Next(400) : 1 + random.Next(8);
        var isArray = format == ReadingFormat.Json && (count != 1 || random.Rarely(2));
        if (isArray) text.Append('[');
        for (var i = 0; i < count; i++)
        {
            if (i > 0) text.Append(isArray ? $"{Spelling.Space(random)},{random.Pick("", "", "\n", "\r\n")}" : random.Pick("\n", "\n", "\r\n", " \t\r\n"));
            line++;
            while (format != ReadingFormat.Json && random.Rarely(25))
            {
                text.Append(random.Pick("", " ", "\t\r", format == ReadingFormat.Lines ? "# comment, node=1 temp=1" : "")).Append('\n');
                line++;
            }
            if (random.Rarely(4))
            {
                text.Append(Wrong(random, format));
                continue;
            }
            var row = MakeRow(random, format);
            intended.Add((line, row));
            text.Append(format == ReadingFormat.Lines ? LineOf(random, row, units) : ObjectOf(random, row));
        }
        if (isArray) text.Append(Spelling.Space(random)).Append(']');
        text.Append(random.Pick("", "\n", "\r\n", format == ReadingFormat.Json ? "  \n" : "\n\n"));
        return new(format, Encoding.UTF8.GetBytes(text.ToString()), units, intended);
    }

    private Row MakeRow(Random random, ReadingFormat format)
    {
        var (hasTemperature, hasHumidity) = random.Pick((true, true), (true, true), (true, false), (false, true));
        var time = random.Next(60) switch { 0 => FirstTime, 1 => now, 2 => now + 3_600, _ => now - 86_400 - random.Next(RecentSeconds) };
        return new(
            nodes[random.Next(nodes.Count)], time,
            hasTemperature ? random.Next(12) switch { 0 => 32_767, 1 => -32_768, 2 => 0, 3 => random.Next(-1, 2), _ => random.Next(-32_768, 32_768) } : null,
            hasHumidity ? random.Next(12) switch { 0 => 0, 1 => 10_000, _ => random.Next(10_001) } : null,
            random.Next(4) switch { 0 => uint.MaxValue, 1 => random.Next(), _ => 0 },
            format != ReadingFormat.Lines && random.Rarely(3) ? random.Pick(FirstTime, now - random.Next(1_000_000)) : null,
            format != ReadingFormat.Lines && random.Rarely(6) ? random.Pick(0UL, ulong.MaxValue, 1UL << 63, (ulong)random.NextInt64()) : null);
    }

    private static string Wrong(Random random, ReadingFormat format)
    {
        if (format == ReadingFormat.Lines) return random.Pick<string>(_wrongLines);
        // In an array malformed JSON would end the body; the mutations do that.
        if (format == ReadingFormat.Ndjson && random.Rarely(2)) return random.Pick<string>(_malformed);
        if (random.Rarely(5)) return random.Pick("null", "true", "1", "\"\"", "[]", "{}", "[{}]", "{\"node_address\":1}", "{\"node_address\":1,\"timestamp\":1767225600}", "-0.0e+10", "[[[[]]]]");
        var fields = new List<string> { "\"node_address\":77", "\"timestamp\":1767225600", "\"temperature_celsius\":1", "\"humidity_percent\":1", "\"flags\":1" };
        fields.Insert(random.Next(fields.Count + 1), random.Pick<string>(_wrongFields));
        return "{" + string.Join(',', fields) + "}";
    }

    private static string ObjectOf(Random random, Row row)
    {
        var fields = new List<string>();
        Add("node_address", Whole(row.Node));
        Add("timestamp", Whole(row.Time));
        if (row.Temperature is { } t) AddValue("temperature_celsius", "temperature_centidegrees", t);
        if (row.Humidity is { } h) AddValue("humidity_percent", "humidity_centipercent", h);
        if (row.Flags != 0 || random.Rarely(4)) Add("flags", Whole(row.Flags));
        if (row.Received is { } received) Add("received_at", Whole(received));
        if (row.Device is { } device) Add("device_id", random.Rarely(3) ? $"{device}" : Spelling.Text(random, new string('0', random.Next(3)) + device));
        if (random.Rarely(5)) fields.Add(random.Pick<string>(_ignored));
        if (random.Rarely(8)) Add(random.Pick("flags", "received_at", "device_id", "temperature_celsius", "humidity_centipercent"), "null");
        var order = fields.ToArray();
        random.Shuffle(order);
        return $"{Spelling.Space(random)}{{{Spelling.Space(random)}{string.Join($"{Spelling.Space(random)},{Spelling.Space(random)}", order)}{Spelling.Space(random)}}}{Spelling.Space(random)}";

        void Add(string name, string value) => fields.Add($"{Spelling.Text(random, name, 60)}{Spelling.Space(random)}:{Spelling.Space(random)}{value}");

        void AddValue(string asDecimal, string asWhole, long hundredths)
        {
            var both = random.Rarely(10);
            var isDecimal = both || random.Rarely(2);
            if (isDecimal) Add(asDecimal, Spelling.Decimal(random, hundredths));
            if (both || !isDecimal) Add(asWhole, Whole(hundredths));
        }
    }

    private static string LineOf(Random random, Row row, long units)
    {
        var tags = new List<string> { $"node={random.Pick("", "", "+", "0")}{row.Node}" };
        if (random.Rarely(3)) tags.Insert(random.Next(2), random.Pick("room=a\\ b", "x=1\\,node\\=2", "host=ü", "q=\"", "node2=5", "n=a\\\\"));
        var fields = new List<string>();
        if (row.Temperature is { } t) fields.Add(random.Pick("temp", "temperature") + "=" + Value(t));
        if (row.Humidity is { } h) fields.Add(random.Pick("hum", "humidity") + "=" + Value(h));
        if (row.Flags != 0) fields.Add($"flags={row.Flags}{random.Pick("i", "u")}");
        if (random.Rarely(3)) fields.Add(random.Pick("s=\"a, b=c \\\" d\"", "ok=true", "n=1i", "temp2=9", "e=\"\"", "x=1e5"));
        var order = fields.ToArray();
        random.Shuffle(order);
        var time = (row.Time * units) + (random.Rarely(2) ? 0 : random.NextInt64(units)); // Any time within the second.
        return $"{random.Pick("m", "a\\ b", "\"", "ü", "m.x")},{string.Join(',', tags)}{random.Pick(" ", "  ")}{string.Join(',', order)}{random.Pick(" ", "   ")}{time}{random.Pick("", " ")}";

        string Value(long hundredths) => random.Rarely(2) ? hundredths.ToString(CultureInfo.InvariantCulture) + random.Pick("i", "u") : random.Pick("", hundredths < 0 ? "" : "+") + Spelling.Decimal(random, hundredths);
    }

    private static string Whole(long value) => value == 0 ? "0" : value.ToString(CultureInfo.InvariantCulture);
}
