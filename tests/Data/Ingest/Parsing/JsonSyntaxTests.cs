using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Ingest.Parsing.ParserRun;

namespace SensorDash.Data.Tests.Ingest.Parsing;

public sealed class JsonSyntaxTests
{
    private const string Valid = """{"a\"\u00e9":[1,-0.5e+7,{"b":[]},{},true,false,null,""," x "],"c":{"d":0}}""";

    private static readonly JsonReaderOptions _options = new() { MaxDepth = 1 << 20 };

    [Theory]
    [InlineData(Valid, -1)]
    [InlineData(" 17 ", -1)]
    [InlineData("", 0)]
    [InlineData("  ", 2)]
    [InlineData("x", 0)]
    [InlineData("{} {}", 3)]
    [InlineData("{\"a\":1", 6)]
    [InlineData("{\"a\":1,}", 7)]
    [InlineData("[1,]", 3)]
    [InlineData("[1}", 2)]
    [InlineData("tru}", 3)]
    [InlineData("01", 1)]
    [InlineData("-", 1)]
    [InlineData("1.", 2)]
    [InlineData("\"\\x\"", 2)]
    [InlineData("\"\\u12g4\"", 5)]
    [InlineData("\"\u0001\"", 1)]
    public void FindError_OneValue_IsWhereItEnds(string json, int at) => Assert.Equal(at, new JsonSyntax().FindError(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void FindError_Nesting_HasNoLimit()
    {
        const int Depth = 1_000_000;

        Assert.Equal(-1, new JsonSyntax().FindError(Encoding.UTF8.GetBytes(new string('[', Depth) + new string(']', Depth))));
        Assert.Equal(Depth, new JsonSyntax().FindError(Encoding.UTF8.GetBytes(new string('[', Depth))));
    }

    [Fact]
    public void FindError_AnyBytes_AgreesWithTheReader()
    {
        var syntax = new JsonSyntax();
        var tokens = Gen.Elements("{", "}", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "1", "-2.5e3", "0", "e", ".", "true", "nul", "null", " ", "\n", "\"", "\\", "x").ListOf().Select(t => string.Concat(t));
        var mutated = from at in Gen.Choose(0, Valid.Length - 1) from value in Gen.Choose(0, 127) select Valid[..at] + (char)value + Valid[(at + 1)..];
        var cut = Gen.Choose(0, Valid.Length).Select(length => Valid[..length]);

        PropertyCheck.ForAllAsync(Gen.OneOf(tokens, mutated, cut), text =>
        {
            var json = Encoding.UTF8.GetBytes(text);
            return Task.FromResult(IsReadable(json) == syntax.FindError(json) < 0);
        }, times: 20_000);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("{")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"device_id\":\"\\ud800\"}")]
    [InlineData("{\"flags\":1e999}")]
    [InlineData("[]")]
    [InlineData("\xFF")]
    public async Task Ndjson_ManyBadLines_ThrowAtMostOnce(string line)
    {
        var (count, thread) = (0, Environment.CurrentManagedThreadId);
        EventHandler<System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs> counter = (_, _) => count += Environment.CurrentManagedThreadId == thread ? 1 : 0;
        AppDomain.CurrentDomain.FirstChanceException += counter;
        try
        {
            var run = OfAsync(Ndjson, Encoding.Latin1.GetBytes(string.Join('\n', Enumerable.Repeat(line, 500))));
            Assert.True(run.IsCompleted); // On this thread, so every exception was counted.
            Assert.Equal(500, (await run).RejectedCount);
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= counter;
        }
        Assert.InRange(count, 0, 1);
    }

    [Fact]
    public async Task Ndjson_MalformedLines_HaveTheSamePositionEachTime()
        => Assert.Equal(["malformed JSON at byte 6"], (await OfAsync(Ndjson, "{\"a\":x}\n{\"a\":x}\n{\"a\":x}")).Rejected.Select(r => r.Error).Distinct());

    private static bool IsReadable(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, _options);
            while (reader.Read())
            {
                // Only to its end.
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
