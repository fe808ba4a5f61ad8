using System.Text;
using FsCheck.Fluent;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Tests.Events.Canonical;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public abstract partial class EventStoreContract
{
    // Content, path, value, and whether it matches: written down, not computed.
    private static readonly (string Content, string Path, string Value, bool Matches)[] _payloadCases = [
        ("""{"a":true}""", "a", "true", true),
        ("""{"a":"true"}""", "a", "true", true), // A text to the letter.
        ("""{"a":true}""", "a", "True", false),
        ("""{"a":false}""", "a", "true", false),
        ("""{"a":null}""", "a", "null", true),
        ("""{"a":"null"}""", "a", "null", true),
        ("""{"a":null}""", "a", "", false),
        ("{}", "a", "null", false),
        ("""{"a":1e+21}""", "a", "1e21", true),
        ("""{"a":1e+21}""", "a", "1.0E+21", true),
        ("""{"a":"1e+21"}""", "a", "1e21", false),
        ("""{"a":1e-7}""", "a", "0.0000001", true),
        ("""{"a":5}""", "a", "5.0", true),
        ("""{"a":5}""", "a", "5", true),
        ("""{"a":5.5}""", "a", "5", false),
        ("""{"a":"5"}""", "a", "5", true),
        ("""{"a":"5"}""", "a", "5.0", false),
        ("""{"a":"say \"hi\""}""", "a", "say \"hi\"", true),
        ("""{"a\"b":1}""", "a\"b", "1", true),
        ("""{"a":"\\"}""", "a", "\\", true),
        ("""{"a":"\\\\"}""", "a", "\\", false),
        ("""{"a":"\u0001"}""", "a", "\u0001", true),
        ("""{"a":"\u0002"}""", "a", "\u0001", false),
        ("""{"":1}""", "", "1", true),
        ("""{"":{"":"x"}}""", ".", "x", true),
        ("""{"a":["x","y"]}""", "a.1", "y", true),
        ("""{"a":["x","y"]}""", "a.0", "y", false),
        ("""{"a":["x","y"]}""", "a.2", "y", false),
        ("""{"a":["x","y"]}""", "a", "x", false),
        ("""{"a":{"1":"y"}}""", "a.1", "y", true),
        ("""{"a":{"1":"y"}}""", "a.01", "y", false),
        ("""{"a":[{"b":1}]}""", "a.b", "1", false),
        ("""{"a":[{"b":1}]}""", "a.0.b", "1", true),
        ("""{"a":{"b":{"c":"é😀"}}}""", "a.b.c", "é😀", true),
        ("""{"a":{"b":1}}""", "a", "1", false),
        ("""{"a":{"b":1}}""", "a.c", "1", false),
        ("""{"a":1}""", "a.b", "1", false),
        ("""{"A":1}""", "a", "1", false)];

    [SkippableFact]
    public async Task Read_RandomFilters_GiveWhatTheFilterMatches()
    {
        await AddAsync([.. Many(800, 11), .. Enumerable.Range(0, 20).Select(i => Metadata(Noon + (i % 4), stream: null, manifest: $"m{i % 2}", payload: $"{{\"n\":{i}}}"))]);
        var all = await AllAsync(Timebase.Source);
        var filters = from lanes in Gen.SubListOf(Lanes.All.ToArray())
                      from scopes in Gen.SubListOf("s", "t", "none")
                      from field in Gen.Elements(EventFields.All.ToArray())
                      from value in Gen.Elements(ValuesOf(all, field))
                      from hasField in Gen.Elements(true, true, false)
                      from number in Gen.Choose(-200, 800)
                      from ticks in Gen.Two(Gen.Choose(-1, 5))
                      let chosen = (hasField ? lanes.Where(l => l.Has(field)) : lanes).ToArray()
                      where chosen.Length > 0
                      select (Filter: new EventFilter
                      {
                          Lanes = chosen,
                          Scopes = [.. scopes],
                          Fields = hasField ? [new(field, value)] : [],
                          Payload = number < 0 || hasField ? [] : [new PayloadCondition("n", $"{number}")],
                      }, From: Noon + ticks.Item1, To: Noon + ticks.Item2);

        PropertyCheck.ForAllAsync(filters, async given =>
        {
            var query = new EventQuery(given.Filter, Timebase.Source, EventDirection.Forward, given.From, given.To, Limit: 10_000);
            var page = await Store.ReadAsync(query, CancellationToken.None);
            var expected = all.Where(e => given.Filter.Matches(e) && e.SourceTime >= given.From && e.SourceTime < given.To);
            return page.Events.Select(e => e.Id).SequenceEqual(expected.Select(e => e.Id)) && page.Next is null;
        }, times: 200);
        // Every field with a value that is there, in every lane that has it, whatever the luck of the draw.
        foreach (var (lane, field) in Lanes.All.SelectMany(lane => EventFields.All.Where(field => lane.Has(field)).Select(field => (lane, field))))
        {
            var value = all.First(e => e.Lane == lane && e.ValueOf(field) is not null).ValueOf(field)!;
            var filter = new EventFilter { Lanes = [lane], Fields = [new(field, value)] };
            var page = await Store.ReadAsync(new EventQuery(filter, Timebase.Source, EventDirection.Forward, Limit: 10_000), CancellationToken.None);
            Assert.NotEmpty(page.Events);
            Assert.Equal(all.Where(e => e.Lane == lane && e.ValueOf(field) == value).Select(e => e.Id), page.Events.Select(e => e.Id));
        }
    }

    [SkippableFact]
    public async Task Read_PayloadCondition_MatchesAsWrittenDown()
    {
        var contents = _payloadCases.Select(c => c.Content).Distinct().ToArray();
        var events = contents.Select((content, i) => Parsed(Noon + i, payload: content)).ToArray();
        await AddAsync(events);

        foreach (var (content, path, value, matches) in _payloadCases)
        {
            var filter = new EventFilter { Payload = [new PayloadCondition(path, value)] };
            var page = await Store.ReadAsync(new EventQuery(filter, Timebase.Source, EventDirection.Forward), CancellationToken.None);
            var isFound = page.Events.Any(e => e.Id == events[Array.IndexOf(contents, content)].Id);
            Assert.True(isFound == matches, $"{content} {path} = {value}: {(isFound ? "found" : "not found")}");
        }
    }

    [SkippableFact]
    public void Append_AnyContent_ComesBackToTheByte()
    {
        var canonical = new CanonicalJson();
        var number = 0;
        var contents = from document in CanonicalJsonTests.Documents
                       from exotic in Gen.Elements("1e21", "-1.7976931348623157e308", "5e-324", "1e-7", "0.000001", "9007199254740992", "-0", "123456789.125", "1e300")
                       select $$"""{"document":{{document.ToJsonString()}},"number":{{exotic}}}""";
        PropertyCheck.ForAllAsync(contents.ListOf(), async given =>
        {
            var events = given.Take(20).Select(json =>
            {
                Assert.Null(canonical.Convert(Encoding.UTF8.GetBytes(json), out var content));
                return Parsed(Noon + number++, payload: Encoding.UTF8.GetString(content));
            }).ToArray();
            await AddAsync(events);
            foreach (var sent in events)
            {
                var read = await Store.FindAsync(sent.Id, sent.SourceTime, default);
                if (!read!.Content.AsSpan().SequenceEqual(sent.Content) || read.ComputeId() != sent.Id) return false;
            }
            return true;
        }, times: 40);
    }

    private static string[] ValuesOf(IEnumerable<LaneEvent> events, EventField field)
        => [.. events.Select(e => e.ValueOf(field)).OfType<string>().Distinct(), "nobody"];
}
