using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using SensorDash.Data.Events.Canonical;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Events.Canonical;

public sealed class CanonicalJsonTests
{
    [Theory] // RFC 8785, appendix B: bits of a double and its text.
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void Number_PublishedVectors_HaveTheirText(string bits, string text)
        => Assert.Equal(text, Formatted(BinaryPrimitives.ReadDoubleBigEndian(System.Convert.FromHexString(bits))));

    [Theory]
    [InlineData("1e21", "1e+21")]
    [InlineData("1E30", "1e+30")]
    [InlineData("1e-7", "1e-7")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("-0", "0")]
    [InlineData("-0.0e5", "0")]
    [InlineData("4.50", "4.5")]
    [InlineData("1.0", "1")]
    [InlineData("100", "100")]
    [InlineData("1e2", "100")]
    [InlineData("-120.0500", "-120.05")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("2e-400", "0")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("-9007199254740992", "-9007199254740992")]
    public void Number_Literal_IsWrittenAsEcmaScriptDoes(string literal, string canonical) => Assert.Equal($"[{canonical}]", Canonical($"[{literal}]"));

    [Theory]
    [InlineData("9007199254740993", "whole number 9007199254740993, which is beyond ±2^53")]
    [InlineData("-9007199254740994", "beyond ±2^53")]
    [InlineData("9223372036854775808", "beyond ±2^53")]
    [InlineData("1000000000000000000000000", "beyond ±2^53")]
    [InlineData("9007199254740993.0", "whole number 9007199254740993.0, which is beyond ±2^53")]
    [InlineData("-9007199254740993e0", "beyond ±2^53")]
    [InlineData("1e20", "beyond ±2^53")]
    [InlineData("1e400", "the number 1e400, which is beyond the range of a double")]
    [InlineData("01", "malformed JSON")]
    [InlineData("+1", "malformed JSON")]
    [InlineData(".5", "malformed JSON")]
    [InlineData("NaN", "malformed JSON")]
    [InlineData("-", "malformed JSON")]
    public void Number_ThatNoStoreCouldGiveBack_IsRefusedWithTheReason(string literal, string reason)
        => Assert.Contains(reason, Error($"{{\"a\":{literal}}}"), StringComparison.Ordinal);

    [Fact]
    public void Keys_PublishedOrderingExample_AreSortedByUtf16CodeUnits()
        => Assert.Equal(
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
            Canonical("""
                {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                 "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}
                """));

    [Fact]
    public void Convert_PublishedSample_IsThePublishedText()
        => Assert.Equal(
            """{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}""",
            Canonical("""
                {
                  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                  "literals": [null, true, false]
                }
                """));

    [Theory]
    [InlineData("{\"a\":1,\"a\":1}", "contains the key \"a\" twice")]
    [InlineData("{\"b\":{\"x\":1,\"\\u0078\":2}}", "contains the key \"x\" twice")]
    [InlineData("{\"a\":\"\\ud800\"}", "contains an unpaired surrogate")]
    [InlineData("{\"\\udc00\\ud800\":1}", "contains an unpaired surrogate")]
    [InlineData("{\"a\":\"x\\u0000\"}", "U+0000")]
    [InlineData("{\"\\u0000\":1}", "U+0000")]
    [InlineData("{\"a\":\"\u0001\"}", "malformed JSON at byte 7")]
    [InlineData("{\"a\":tru}", "malformed JSON")]
    [InlineData("{\"a\":1}}", "malformed JSON")]
    [InlineData("{\"a\":1", "malformed JSON")]
    [InlineData("{\"a\":1,}", "malformed JSON")]
    [InlineData("", "malformed JSON")]
    public void Convert_WhatIsNotIJson_IsRefusedWithTheReason(string json, string reason) => Assert.Contains(reason, Error(json), StringComparison.Ordinal);

    [Fact]
    public void Convert_BytesThatAreNoUtf8_AreRefused()
        => Assert.Equal("is not valid UTF-8", new CanonicalJson().Convert([(byte)'"', 0xED, 0xA0, 0x80, (byte)'"'], out _));

    [Fact]
    public void Convert_Nesting_IsTakenToTheLimitAndNoFurther()
    {
        var deepest = new string('[', CanonicalJson.MaxDepth) + new string(']', CanonicalJson.MaxDepth);
        Assert.Equal(deepest, Canonical(deepest));
        Assert.Equal(deepest, Canonical(" " + deepest));
        Assert.Contains("at most 64 levels deep", Error($"[{deepest}]"), StringComparison.Ordinal);
        Assert.Contains("at most 64 levels deep", Error(new string('[', 100_000)), StringComparison.Ordinal);
        Assert.Contains("at most 64 levels deep", Error($"{{\"a\": [{deepest[1..^1]}], \"b\": [{deepest}]}}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_RandomJson_MeansTheSame()
        => PropertyCheck.ForAll(Documents, document => JsonNode.DeepEquals(document, JsonNode.Parse(Canonical(document.ToJsonString()))), times: 500);

    [Fact]
    public void Convert_RandomJson_IsIdempotentAndItsResultTakesTheFastWay()
        => PropertyCheck.ForAll(Documents, document =>
        {
            var once = Canonical(document.ToJsonString());
            var bytes = Encoding.UTF8.GetBytes(once);
            var fault = new CanonicalJson().ConvertSlowly(bytes, out var slow);
            // A key with an escape is left to the slow way; everything else canonical must be seen as such.
            return fault is null && bytes.AsSpan().SequenceEqual(slow) && Canonical(once) == once
                && (CanonicalScan.IsCanonical(bytes) || once.Contains('\\', StringComparison.Ordinal));
        }, times: 500);

    [Fact]
    public void Convert_RandomJsonInAnyWriting_GivesTheSame()
        => PropertyCheck.ForAll(from document in Documents from seed in Gen.Choose(0, int.MaxValue) select (document, seed), given =>
        {
            var shuffled = Shuffle(given.document, new Random(given.seed))!;
            var pretty = new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            return Canonical(shuffled.ToJsonString()) == Canonical(given.document.ToJsonString(pretty));
        }, times: 300);

    [Fact]
    public void Convert_CanonicalTextWithOneByteChanged_FastWayAgreesWithTheSlowOne()
        => PropertyCheck.ForAll(
            from document in Documents
            from at in Gen.Choose(0, int.MaxValue)
            from value in Gen.OneOf(Gen.Choose(0, 255), Gen.Elements("{}[]\",:\\u0123456789eE+-. tfn".Select(c => (int)c).ToArray()))
            select (document, at, value),
            given =>
            {
                var bytes = Encoding.UTF8.GetBytes(Canonical(given.document.ToJsonString()));
                bytes[given.at % bytes.Length] = (byte)given.value;
                if (!System.Text.Unicode.Utf8.IsValid(bytes) || !CanonicalScan.IsCanonical(bytes)) return true;
                return new CanonicalJson().ConvertSlowly(bytes, out var slow) is null && bytes.AsSpan().SequenceEqual(slow);
            },
            times: 5000);

    [Fact]
    public void Number_RandomDoubles_RoundTripAndHaveTheShortestDigits()
        => PropertyCheck.ForAll(from high in Gen.Choose(int.MinValue, int.MaxValue) from low in Gen.Choose(int.MinValue, int.MaxValue) select ((long)high << 32) | (uint)low, bits =>
        {
            var value = BitConverter.Int64BitsToDouble(bits);
            if (!double.IsFinite(value)) return true;
            var text = Formatted(value);
            return double.Parse(text, CultureInfo.InvariantCulture).Equals(value == 0 ? 0 : value)
                && Digits(text).Length <= Digits(value.ToString("R", CultureInfo.InvariantCulture)).Length;
        }, times: 5000);

    private static string Digits(string number) => new string([.. number.Split('e', 'E')[0].Where(char.IsDigit).SkipWhile(c => c == '0')]).TrimEnd('0');

    internal static Gen<string> Texts => Gen.OneOf(
        Gen.Elements("a", "b", "aa", "", "é", "😀", "דּ", "\ue000", "\uffff", "\ud7ff", "\"", "\\", "\n", "\u0001", "\u001f", "\u007f", "/", "x y"),
        from parts in Gen.Elements("k", "é", "€", "𝄞", "\ufb33", "\t", "\b", "z").ListOf() select string.Concat(parts.Take(6)));

    private const string Null = "stands for null";

    private static Gen<JsonNode> Scalars => Gen.OneOf(
        Gen.Constant((JsonNode)JsonValue.Create(Null)),
        Texts.Select(t => (JsonNode)JsonValue.Create(t)!),
        Gen.Choose(int.MinValue, int.MaxValue).Select(n => (JsonNode)JsonValue.Create(n)),
        (from mantissa in Gen.Choose(-99_999, 99_999) from exponent in Gen.Choose(-30, 10) select double.Parse($"{mantissa}e{exponent}", CultureInfo.InvariantCulture))
            .Select(d => (JsonNode)JsonValue.Create(d)),
        Gen.Elements(true, false).Select(b => (JsonNode)JsonValue.Create(b)));

    internal static Gen<JsonNode> Documents => Nodes(3).Where(n => n is JsonObject or JsonArray);

    private static Gen<JsonNode> Nodes(int depth) => depth == 0 ? Scalars : Gen.OneOf(
        Scalars,
        Nodes(depth - 1).ListOf().Select(items => (JsonNode)new JsonArray([.. items.Take(5).Select(OrNull)])),
        (from key in Texts from value in Nodes(depth - 1) select (key, value)).ListOf().Select(members =>
        {
            var made = new JsonObject();
            foreach (var (key, value) in members.Take(8)) made[key] = OrNull(value);
            return (JsonNode)made;
        }));

    // A null of JSON is no node at all; so a text of its own stands for it until it is inside something.
    private static JsonNode? OrNull(JsonNode node) => node is JsonValue value && value.TryGetValue<string>(out var text) && text == Null ? null : node.DeepClone();

    private static JsonNode? Shuffle(JsonNode? node, Random random)
    {
        switch (node)
        {
            case JsonObject given:
                var members = given.ToArray();
                random.Shuffle(members);
                return new JsonObject(members.Select(m => KeyValuePair.Create(m.Key, Shuffle(m.Value, random))));
            case JsonArray items: return new JsonArray([.. items.Select(i => Shuffle(i, random))]);
            default: return node?.DeepClone();
        }
    }

    private static string Formatted(double value)
    {
        Span<byte> text = stackalloc byte[Es6Number.MaxLength];
        return Encoding.ASCII.GetString(text[..Es6Number.Format(value, text)]);
    }

    private static string Canonical(string json)
    {
        Assert.Null(new CanonicalJson().Convert(Encoding.UTF8.GetBytes(json), out var canonical));
        return Encoding.UTF8.GetString(canonical);
    }

    private static string Error(string json)
    {
        var fault = new CanonicalJson().Convert(Encoding.UTF8.GetBytes(json), out var canonical);
        Assert.Empty(canonical);
        return Assert.IsType<string>(fault);
    }
}
