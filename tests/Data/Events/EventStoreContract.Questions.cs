using System.Text;
using System.Text.Json;
using SensorDash.Data.Events;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public abstract partial class EventStoreContract
{
    private static readonly UiView _view = new("s", "sys", "con", "u", "v");

    [SkippableFact]
    public async Task ReadMetadata_AsOf_GivesTheLastOfEachKeyInEffect()
    {
        var (old, current, early) = (Metadata(Noon - 10, payload: "{\"v\":1}"), Metadata(Noon - 5, payload: "{\"v\":2}"), Metadata(Noon + 5, effective: Noon - 7, payload: "{\"v\":3}"));
        var manifest = Metadata(Noon - 20, stream: null, manifest: "m");
        var future = Metadata(Noon - 1, type: "Other", effective: Noon + 100);
        await AddAsync(current, old, early, manifest, future, Metadata(Noon - 10, scope: "t"));

        Assert.Equal([current.Id, manifest.Id], await IdsAsync(Noon));
        Assert.Equal([early.Id, manifest.Id], await IdsAsync(Noon - 6));
        Assert.Equal([old.Id, manifest.Id], await IdsAsync(Noon - 8));
        Assert.Equal([manifest.Id], await IdsAsync(Noon - 11));
        Assert.Equal([future.Id], (await IdsAsync(Noon + 100)).Except(await IdsAsync(Noon + 99)));

        async Task<EventId[]> IdsAsync(long asOf)
        {
            var found = await new MetadataQuery(["s"], asOf, Timebase.Source).ReadAsync(Store, CancellationToken.None);
            return [.. found.Events.OrderBy(m => m.StreamId is null).Select(m => m.Id)];
        }
    }

    [SkippableFact]
    public async Task ReadUiState_AtATime_IsTheCheckpointWithTheUpdatesBehindIt()
    {
        await AddAsync(
            Ui(Noon - 9, data: "{\"lost\":1}"), Ui(Noon - 5, type: UiEvent.Checkpoint, data: "{\"a\":1,\"b\":1}"), Ui(Noon - 4, data: "{\"a\":2,\"c\":{\"x\":1}}"),
            Ui(Noon - 3, data: "{\"b\":null}"), Ui(Noon - 3, view: "other", data: "{\"a\":9}"), Ui(Noon - 1, data: "{\"a\":3}"), Ui(Noon + 1, data: "{\"a\":4}"));

        Assert.Equal("{\"a\":3,\"c\":{\"x\":1}} 3", await StateAsync(Noon));
        Assert.Equal("{\"a\":2,\"b\":1,\"c\":{\"x\":1}} 1", await StateAsync(Noon - 4));
        Assert.Equal("{\"a\":1,\"b\":1} 0", await StateAsync(Noon - 5));
        Assert.Equal("{\"lost\":1} 1", await StateAsync(Noon - 6));
        Assert.Null(await StateAsync(Noon - 10));

        async Task<string?> StateAsync(long at)
            => await Store.ReadUiStateAsync(_view, at, Timebase.Source, CancellationToken.None) is { } state ? $"{DataOf(state)} {state.UpdatesApplied}" : null;
    }

    [SkippableFact]
    public async Task ReadMetadata_InPages_GivesEachKeyOnceWithItsLatestEvent()
    {
        // The later events are of the lower keys, so a page that is full already must give place.
        LaneEvent[] events = [.. Enumerable.Range(0, 300).Select(i => Metadata(Noon + i, stream: $"s{(299 - i) % 100:00}", payload: $"{{\"v\":{i}}}"))];
        await AddAsync(events);

        foreach (var limit in (int[])[1, 7, 99, 100, 101])
        {
            var found = new List<MetadataEvent>();
            MetadataKey? after = null;
            do
            {
                var page = await new MetadataQuery(["s"], Noon + 1000, Timebase.Source, after, limit).ReadAsync(Store, CancellationToken.None);
                Assert.InRange(page.Events.Count, 1, limit);
                found.AddRange(page.Events);
                after = page.Next;
            }
            while (after is not null);
            Assert.Equal(Enumerable.Range(0, 100).Select(i => $"s{i:00}"), found.Select(m => m.StreamId));
            Assert.Equal(events.Skip(200).Reverse().Select(e => e.Id), found.Select(m => m.Id));
        }
    }

    [SkippableFact]
    public async Task ReadMetadata_OfLargeEvents_EndsAPageBySize()
    {
        var large = $"{{\"v\":\"{new string('x', 1_000_000)}\"}}";
        await AddAsync([.. Enumerable.Range(0, 20).Select(i => Metadata(Noon + i, stream: $"s{19 - i:00}", payload: large))]);

        var first = await new MetadataQuery([], Noon + 1000, Timebase.Source).ReadAsync(Store, CancellationToken.None);
        var second = await new MetadataQuery([], Noon + 1000, Timebase.Source, first.Next).ReadAsync(Store, CancellationToken.None);

        Assert.Equal((16, 4), (first.Events.Count, second.Events.Count));
        Assert.Null(second.Next);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"s{i:00}"), first.Events.Concat(second.Events).Select(m => m.StreamId));
    }

    [SkippableFact]
    public async Task ReadUiState_LargerThanAResponseMayBe_Throws()
    {
        var value = new string('x', 1_000_000);
        await AddAsync([.. Enumerable.Range(0, 16).Select(i => Ui(Noon + i, data: $"{{\"k{i}\":\"{value}\"}}"))]);
        Assert.Equal(16, (await Store.ReadUiStateAsync(_view, Noon + 20, Timebase.Source, CancellationToken.None))!.UpdatesApplied);

        await AddAsync(Ui(Noon + 17, data: $"{{\"k17\":\"{value}\"}}"));
        await Assert.ThrowsAsync<UiStateTooLargeException>(() => Store.ReadUiStateAsync(_view, Noon + 20, Timebase.Source, CancellationToken.None));
    }

    private static string DataOf(UiState state)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream)) state.WriteData(json);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    [SkippableFact]
    public async Task FindNewest_ByEitherClock_IsTheLastOfTheOrder()
    {
        await AddAsync(Raw(Noon + 5), Parsed(Noon));

        Assert.Equal(Lane.Raw, (await Store.FindNewestAsync(EventFilter.All, Timebase.Source, CancellationToken.None))!.Lane);
        Assert.Equal(Lane.Parsed, (await Store.FindNewestAsync(EventFilter.All, Timebase.Canonical, CancellationToken.None))!.Lane);
        Assert.Null(await Store.FindNewestAsync(new EventFilter { Scopes = ["nobody"] }, Timebase.Source, CancellationToken.None));
    }

    [SkippableFact]
    public async Task Reading_Anything_WritesNothing()
    {
        await AddAsync(Many(50, 2));
        var before = await CountsAsync();

        await ReadMetadata_And_Ui_And_Find_Async();

        Assert.Equal(before, await CountsAsync());

        async Task ReadMetadata_And_Ui_And_Find_Async()
        {
            await AllAsync(Timebase.Source, EventDirection.Backward);
            await Store.ReadChangesAsync(0, CancellationToken.None);
            await new MetadataQuery([], Noon, Timebase.Canonical).ReadAsync(Store, CancellationToken.None);
            await Store.ReadUiStateAsync(_view, Noon, Timebase.Canonical, CancellationToken.None);
            await Store.FindAsync(default, null, CancellationToken.None);
        }

        async Task<string> CountsAsync()
        {
            var counts = new List<long>();
            foreach (var table in new[] { "event_index", "event_batches", "command_requests", "raw_events", "parsed_events", "ui_events", "command_events", "metadata_events" })
                counts.Add(await Fixture.ScalarAsync($"SELECT count(*) FROM {table}"));
            return string.Join(' ', counts);
        }
    }
}
