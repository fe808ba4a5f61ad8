using System.Diagnostics;
using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Bench;

/// <summary>Writes raw events to the stores of both engines, compared with bulk writing on the same server in the same run, and reads pages of one second.</summary>
internal static class EventsBench
{
    private const int Rounds = 3;
    private const int Queries = 500;
    private const int Unmeasured = 50; // The first pages after a fill also load caches.

    private static readonly int[] _batchLengths = [5_000, 20_000];

    public static async Task<int> RunAsync(int count)
    {
        Console.WriteLine($"{count:N0} raw events of 64 bytes, {SyntheticEvents.PerSecond:N0} per second of event time; {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        await CompareWithBulkWritingAsync(Math.Min(count, 500_000));
        await QuerySqliteAsync(count);
        await QueryTimescaleAsync(count);
        return 0;
    }

    private static async Task CompareWithBulkWritingAsync(int count)
    {
        for (var round = 1; round <= Rounds; round++)
        {
            await using var empty = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
            if (round == 1)
            {
                Console.WriteLine($"{await empty.TextAsync("SELECT version()")}; {await empty.TextAsync("SELECT obj_description('sensor_readings'::regclass)")}");
                var stores = _batchLengths.Select(length => $"store, {length:N0} per batch | ratio");
                Console.WriteLine($"| round of {count:N0} | COPY to staging and INSERT, events/s | {string.Join(" | ", stores)} |\n|---|---|---|---|---|---|");
            }
            var ceiling = await EventCeiling.MeasureAsync(empty, count);
            var cells = new List<string>();
            foreach (var length in _batchLengths)
            {
                await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
                await using var store = new TimescaleEventStore(fixture.Database, new(), fixture.Clock);
                var rate = await FillAsync(store, fixture.Clock, 0, count, length);
                cells.Add($"{rate:N0} | {rate / ceiling:0.00}");
            }
            Console.WriteLine($"| {round} | {ceiling:N0} | {string.Join(" | ", cells)} |");
        }
    }

    private static async Task QuerySqliteAsync(int count)
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        await QueryAsync("SQLite", new SqliteEventStore(fixture.Database, new(), fixture.Clock), fixture.Clock, count);
    }

    private static async Task QueryTimescaleAsync(int count)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await using var store = new TimescaleEventStore(fixture.Database, new(), fixture.Clock);
        await QueryAsync("TimescaleDB", store, fixture.Clock, count);
    }

    // The same pages at a tenth of the events and at all of them: the cost of a page must not depend on the number of stored events.
    private static async Task QueryAsync(string engine, IEventStore store, ManualTime clock, int count)
    {
        var tenth = count / 10;
        Console.WriteLine($"{engine}: {await FillAsync(store, clock, 0, tenth, _batchLengths[0]):N0} events/s, {_batchLengths[0]:N0} per batch");
        var few = await QueryAsync(store, tenth);
        Console.WriteLine($"{engine}: {await FillAsync(store, clock, tenth, count, _batchLengths[0]):N0} events/s beyond {tenth:N0}");
        var all = await QueryAsync(store, count);
        Console.WriteLine($"| {engine}, one second, 1,000 events | p50 / p95 ms at {tenth:N0} | at {count:N0} | ratio |\n|---|---|---|---|");
        foreach (var (question, (p50, p95)) in all)
            Console.WriteLine($"| {question} | {few[question].P50:0.0} / {few[question].P95:0.0} | {p50:0.0} / {p95:0.0} | {p50 / few[question].P50:0.00} / {p95 / few[question].P95:0.00} |");
    }

    private static async Task<Dictionary<string, (double P50, double P95)>> QueryAsync(IEventStore store, int count)
    {
        var found = new Dictionary<string, (double, double)>();
        foreach (var timebase in Enum.GetValues<Timebase>())
        {
            foreach (var lanes in (IReadOnlyList<Lane>[])[[Lane.Raw], Lanes.All])
            {
                var random = new Random(7);
                var times = new List<double>();
                var filter = new EventFilter { Lanes = lanes };
                for (var i = -Unmeasured; i < Queries; i++)
                {
                    var from = SyntheticEvents.TimeOf(random.Next(count - SyntheticEvents.PerSecond));
                    var watch = Stopwatch.StartNew();
                    var page = await store.ReadAsync(new EventQuery(filter, timebase, EventDirection.Forward, from, from + 1_000_000), CancellationToken.None);
                    if (i >= 0) times.Add(watch.Elapsed.TotalMilliseconds);
                    if (page.Events.Count != 1_000) throw new InvalidOperationException($"A page has {page.Events.Count} events.");
                }
                times.Sort();
                found.Add($"{timebase} time, {(lanes.Count == 1 ? "raw" : "all lanes")}", (times[Queries / 2], times[Queries * 95 / 100]));
            }
        }
        return found;
    }

    // The store's clock follows the events, so that both times of an event are about equal. Event generation is not measured.
    private static async Task<double> FillAsync(IEventStore store, ManualTime clock, int first, int end, int length)
    {
        clock.Advance(DateTimeOffset.UnixEpoch.AddTicks(SyntheticEvents.TimeOf(first) * TimeSpan.TicksPerMicrosecond) - clock.GetUtcNow());
        var outcomes = new RowOutcome[length];
        var watch = new Stopwatch();
        foreach (var batch in SyntheticEvents.Batches(first, end, length))
        {
            clock.Advance(TimeSpan.FromSeconds((double)batch.Length / SyntheticEvents.PerSecond));
            watch.Start();
            await store.AppendAsync(batch, outcomes, CancellationToken.None);
            watch.Stop();
        }
        return (end - first) / watch.Elapsed.TotalSeconds;
    }
}
