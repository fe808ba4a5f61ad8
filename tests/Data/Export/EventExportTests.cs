using SensorDash.Data.Events;
using SensorDash.Data.Export;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Export;

public sealed class EventExportTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;
    private SqliteEventStore _store = null!;

    public async Task InitializeAsync()
    {
        _fixture = await SqliteStoreFixture.CreateAsync();
        _store = new(_fixture.Database, new(), _fixture.Clock);
    }

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Theory]
    [InlineData(Timebase.Canonical, EventDirection.Forward)]
    [InlineData(Timebase.Canonical, EventDirection.Backward)]
    [InlineData(Timebase.Source, EventDirection.Forward)]
    public async Task Write_WhileEventsKeepComing_EndsWithTheNewestOfItsStart(Timebase timebase, EventDirection direction)
    {
        const int Stored = 3_000; // Several chunks of the file.
        await AppendAsync([.. Enumerable.Range(0, Stored).Select(i => SomeEvents.Raw(SomeEvents.Noon + i, sequence: i))]);
        var arrived = Stored;
        // Another event with every piece of the file that is written: without an end of its own it would follow them for ever.
        await using var target = new TellingStream(() => AppendAsync(SomeEvents.Raw(SomeEvents.Noon + arrived, sequence: arrived++)));

        var proof = await new EventExport(_store).WriteAsync(
            new EventQuery(EventFilter.All, timebase, direction), EventFormat.Ndjson, null, target, CancellationToken.None);

        Assert.True(arrived > Stored + 3);
        Assert.Equal(Stored, proof.Rows);
    }

    [Fact]
    public async Task Write_NoEventAtAll_IsEmpty()
    {
        var proof = await new EventExport(_store).WriteAsync(
            new EventQuery(EventFilter.All, Timebase.Canonical, EventDirection.Forward), EventFormat.Ndjson, null, Stream.Null, CancellationToken.None);

        Assert.Equal((0, 0), (proof.Rows, proof.Bytes));
    }

    [Fact]
    public async Task Write_CsvInATimeZone_HasItsTimesThere()
    {
        await AppendAsync(SomeEvents.Raw(SomeEvents.Noon + 250_000, sequence: 1));
        await using var target = new MemoryStream();

        await new EventExport(_store).WriteAsync(
            new EventQuery(EventFilter.All, Timebase.Source, EventDirection.Forward), EventFormat.Csv, NodaTime.DateTimeZoneProviders.Tzdb["Asia/Kolkata"], target, CancellationToken.None);

        var cells = System.Text.Encoding.UTF8.GetString(target.ToArray()).Split('\n')[1].Split(',');
        Assert.EndsWith(":30:00.250000+05:30", cells[3], StringComparison.Ordinal);
        Assert.EndsWith("+05:30", cells[4], StringComparison.Ordinal);
        Assert.True(EventTime.TryParse(cells[3], out var time));
        Assert.Equal(SomeEvents.Noon + 250_000, time);
    }

    private Task<int> AppendAsync(params LaneEvent[] events) => _store.AppendAsync(events, new RowOutcome[events.Length], CancellationToken.None);

    private sealed class TellingStream(Func<Task> written) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            await written();
        }
    }
}
