using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using SensorDash.Data.Readings;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>What the server does for each query: chunks outside of the range are not touched, and pages come out of an index in order.</summary>
public sealed partial class TimescalePlanTests : IAsyncLifetime
{
    private const long Day = 86_400;
    private const long Start = 1_782_864_000; // 2026-07-01T00:00:00Z
    private const int Days = 20;

    private TimescaleStoreFixture _fixture = null!;

    public async Task InitializeAsync()
    {
        _fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await _fixture.ExecuteAsync(
            $"INSERT INTO nodes SELECT n, n, 'SENSOR', {_fixture.Seconds(Start)}, {_fixture.Seconds(Start + (Days * Day) - 600)}, {Days * 144}, 0, {_fixture.Seconds(Start)}, {_fixture.Seconds(Start)} FROM generate_series(1, 20) n",
            $"INSERT INTO sensor_readings SELECT n, to_timestamp(t), 1, 1, 0, to_timestamp(t), 1 + t / 100000 FROM generate_series(1, 20) n, generate_series({Start}, {Start + (Days * Day) - 600}, 600) t",
            "ANALYZE");
    }

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
    }

    [SkippableTheory]
    [InlineData(null, ReadingOrder.NewestFirst)]
    [InlineData(null, ReadingOrder.OldestFirst)]
    [InlineData(7, ReadingOrder.NewestFirst)]
    [InlineData(7, ReadingOrder.OldestFirst)]
    public async Task Page_OfTwoDays_TouchesTheirChunksOnlyAndSortsNothing(int? node, ReadingOrder order)
    {
        var range = new TimeRange(Start + (5 * Day), Start + (7 * Day) - 1);

        var plan = await PlanAsync(connection => TimescaleReadingStore.PageCommand(connection, new(new(node, range), order), 1500));

        Assert.Equal(2, ChunksIn(plan));
        AssertOrderedByIndex(plan);
    }

    [SkippableTheory]
    [InlineData(null, ReadingOrder.NewestFirst)]
    [InlineData(null, ReadingOrder.OldestFirst)]
    [InlineData(7, ReadingOrder.NewestFirst)]
    [InlineData(7, ReadingOrder.OldestFirst)]
    public async Task Page_BehindAPlaceInAllTime_SortsNothingAndReadsNoMoreThanItGives(int? node, ReadingOrder order)
    {
        var after = new ReadingPosition(Start + (10 * Day), 7);

        var plan = await PlanAsync(connection => TimescaleReadingStore.PageCommand(connection, new(new(node, TimeRange.All), order, after), 50));

        AssertOrderedByIndex(plan);
        Assert.All(RowsRead().Matches(plan), rows => Assert.InRange(long.Parse(rows.Groups[1].Value, CultureInfo.InvariantCulture), 0, 50));
    }

    [SkippableTheory]
    [InlineData(ReadingOrder.NewestFirst)]
    [InlineData(ReadingOrder.OldestFirst)]
    public async Task PageOfANode_WithTheNodeIndex_ReadsNoPageOfTheTable(ReadingOrder order)
    {
        _fixture.Options.NodeIndex = true;
        await TimescaleModelTests.StartOf(_fixture).ApplySettingsAsync(default);
        await _fixture.ExecuteAsync("VACUUM ANALYZE sensor_readings");

        var plan = await PlanAsync(connection => TimescaleReadingStore.PageCommand(connection, new(new(7, new(Start + (5 * Day), Start + (7 * Day) - 1)), order), 1500));

        AssertOrderedByIndex(plan);
        Assert.Equal(2, plan.Split("Index Only Scan").Length - 1);
        Assert.Equal(2, plan.Split("Heap Fetches: 0").Length - 1);
    }

    [SkippableFact]
    public async Task Newest_OfEveryNode_LooksIntoTheNewestChunkOnly()
    {
        var plan = await PlanAsync(connection => new(TimescaleReadingStore.Newest, connection)
        {
            Parameters = { new NpgsqlParameter<int[]> { TypedValue = [.. Enumerable.Range(1, 20)] }, new NpgsqlParameter<long> { TypedValue = 50 } },
        });

        Assert.DoesNotContain("Seq Scan on _hyper", plan, StringComparison.Ordinal);
        Assert.Equal(1, plan.Split('\n').Count(line => line.Contains("_hyper", StringComparison.Ordinal) && !line.Contains("never executed", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Changes_OfOneBatch_TouchTheChunksOfItsBoundsOnly()
    {
        var plan = await PlanAsync(connection => new(TimescaleReadingChangeFeed.SelectRows, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = 17828 }, new NpgsqlParameter<long> { TypedValue = 17829 },
                PgTime.Seconds(Start), PgTime.Seconds(Start + Day - 1),
            },
        });

        Assert.Equal(1, ChunksIn(plan));
    }

    [SkippableFact]
    public async Task StoredKeys_OfRecentReadings_TouchTheirChunkOnly()
    {
        var times = Enumerable.Range(0, 40).Select(i => Start + (3 * Day) + (i * 600L)).ToArray();

        var plan = await PlanAsync(connection => new(TimescaleReadingWriter.StoredKeys, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = [.. times.Select(_ => 3)] }, PgTime.Seconds(times),
                PgTime.Seconds(times.Min()), PgTime.Seconds(times.Max()),
            },
        });

        Assert.Equal(1, ChunksIn(plan));
    }

    private static void AssertOrderedByIndex(string plan)
    {
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on _hyper", plan, StringComparison.Ordinal);
    }

    private static int ChunksIn(string plan) => Chunk().Matches(plan).Select(m => m.Groups[1].Value).Distinct().Count();

    private async Task<string> PlanAsync(Func<NpgsqlConnection, NpgsqlCommand> create)
        => await _fixture.Database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = create(connection);
                command.CommandText = "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) " + command.CommandText;
                await using var reader = await command.ExecuteReaderAsync(token);
                var lines = new List<string>();
                while (await reader.ReadAsync(token)) lines.Add(reader.GetString(0));
                return string.Join('\n', lines);
            },
            default);

    [GeneratedRegex(@" on (_hyper_\d+_\d+_chunk)")]
    private static partial Regex Chunk();

    [GeneratedRegex(@" on _hyper\S+ .*actual rows=(\d+)")]
    private static partial Regex RowsRead();
}
