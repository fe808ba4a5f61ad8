using System.Text;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Tests.Events;

public sealed class EventIdTests
{
    private const string Scope = "testScope";

    public static TheoryData<LaneEvent, string> Vectors => new()
    {
        { Raw("2026-01-26T10:00:00Z"), "81cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956" },
        { Raw("2026-01-26T10:00:00+00:00"), "2c9885bb9a01fe6c53c5cd3f4dc4bd28051f8d8549403a25bfff5dfc31ce53b5" },
        { Parsed("""{"key1":"value1","key2":"value2","key3":3}"""), "397f9b5ce7bd394e53514f134093f545e98e7dc9a1ee725af0b971f339a06886" },
        { Parsed("""{"key3": 3.0, "key2": "value2", "key1": "value\u0031"}"""), "397f9b5ce7bd394e53514f134093f545e98e7dc9a1ee725af0b971f339a06886" },
        { Parsed("""{"\ufb33":2, "\ud83d\ude00":1, "c":"é", "b":1.0, "a":1E-7}"""), "33e21b85a8ec63ac254daf7e38b6de3e9a69a5bc09e935b2e574eff1c66003df" },
        { Metadata("""{"capabilities":["nav.pvt","nav.sat"]}"""), "c15ecfb53374027355e1a063b0d3b6782006055fdd9a2664dfda5a7415a88ba0" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void ComputeId_VectorsOfTheContract_HaveTheirId(LaneEvent laneEvent, string id) => Assert.Equal(id, laneEvent.ComputeId().ToString());

    [Fact]
    public void ComputeId_EveryPart_MakesADifference()
    {
        var ids = new LaneEvent[]
        {
            Raw("2026-01-26T10:00:00Z"), Raw("2026-01-26T10:00:00.000000Z"), Raw("2026-01-26T10:00:00Z", scope: "other"),
            Raw("2026-01-26T10:00:00Z", connection: "conn2"), Raw("2026-01-26T10:00:00Z", frame: "test dato"), Parsed("{}"), Metadata("{}"),
        }.Select(e => e.ComputeId()).ToArray();

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void ComputeId_RawSequence_IsNoPartOfIt()
        => Assert.Equal(Raw("2026-01-26T10:00:00Z", sequence: 1).ComputeId(), Raw("2026-01-26T10:00:00Z", sequence: 2).ComputeId());

    [Fact]
    public void Text_OfAnId_ReadsBackAndComparesAsItsBytes()
    {
        var ids = Enumerable.Range(0, 200).Select(i => Raw("2026-01-26T10:00:00Z", connection: $"c{i}").ComputeId()).ToArray();
        foreach (var id in ids)
        {
            Assert.True(EventId.TryParse(id.ToString(), out var read));
            Assert.Equal(id, read);
            Assert.Equal(id, new EventId(id.ToArray()));
        }
        Assert.Equal(ids.Order(), ids.OrderBy(i => i.ToString(), StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("81cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d95")]
    [InlineData("81cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d9560")]
    [InlineData("81CB920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956")]
    [InlineData("g1cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956")]
    [InlineData("é1cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956")]
    public void TryParse_WhatIsNoId_IsRefused(string text) => Assert.False(EventId.TryParse(text, out _));

    private static RawEvent Raw(string time, string scope = Scope, string connection = "conn1", string frame = "test data", long sequence = 0) => new()
    {
        ScopeId = scope,
        SourceTime = Time(time),
        SourceText = Text(time),
        ConnectionId = connection,
        Sequence = sequence,
        Content = Encoding.ASCII.GetBytes(frame),
    };

    private static ParsedEvent Parsed(string payload) => new()
    {
        ScopeId = Scope,
        SourceTime = Time("2026-01-26T10:00:00Z"),
        StreamId = "stream1",
        StreamType = "nav.pvt",
        SchemaVersion = "1.0",
        Content = Canonical(payload),
    };

    private static MetadataEvent Metadata(string payload) => new()
    {
        ScopeId = Scope,
        SourceTime = Time("2026-01-26T10:00:02Z"),
        StreamId = "stream1",
        MessageType = "ProducerDescriptor",
        Content = Canonical(payload),
    };

    private static long Time(string text)
    {
        Assert.True(EventTime.TryParse(text, out var time));
        return time;
    }

    private static string? Text(string text) => EventTime.Format(Time(text)) == text ? null : text;

    private static byte[] Canonical(string json)
    {
        Assert.Null(new CanonicalJson().Convert(Encoding.UTF8.GetBytes(json), out var canonical));
        return canonical;
    }
}
