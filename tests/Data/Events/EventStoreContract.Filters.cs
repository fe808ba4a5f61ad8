using FsCheck.Fluent;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public abstract partial class EventStoreContract
{
    [SkippableFact]
    public async Task Read_RandomFilters_GiveWhatTheFilterMatches()
    {
        await AddAsync(Many(800, 11));
        var all = await AllAsync(Timebase.Source);
        var filters = from lanes in Gen.SubListOf(Lanes.All.ToArray())
                      from scopes in Gen.SubListOf("s", "t", "none")
                      from name in Gen.Elements("a", "B", "😀", "nobody")
                      from field in Gen.Elements(EventFields.All.ToArray())
                      from hasField in Gen.Elements(true, false)
                      from number in Gen.Choose(-200, 800)
                      from ticks in Gen.Two(Gen.Choose(-1, 5))
                      let chosen = (hasField ? lanes.Where(l => l.Has(field)) : lanes).ToArray()
                      where chosen.Length > 0
                      select (Filter: new EventFilter
                      {
                          Lanes = chosen,
                          Scopes = [.. scopes],
                          Fields = hasField ? [new(field, name)] : [],
                          Payload = number < 0 ? [] : [new PayloadCondition("n", $"{number}")],
                      }, From: Noon + ticks.Item1, To: Noon + ticks.Item2);

        PropertyCheck.ForAllAsync(filters, async given =>
        {
            var query = new EventQuery(given.Filter, Timebase.Source, EventDirection.Forward, given.From, given.To, Limit: 10_000);
            var page = await Store.ReadAsync(query, CancellationToken.None);
            var expected = all.Where(e => given.Filter.Matches(e) && e.SourceTime >= given.From && e.SourceTime < given.To);
            return page.Events.Select(e => e.Id).SequenceEqual(expected.Select(e => e.Id)) && page.Next is null;
        }, times: 200);
    }
}
