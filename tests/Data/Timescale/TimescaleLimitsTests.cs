using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Nobody holds the store up for longer than the settings say, and the server itself sees to it.</summary>
public sealed class TimescaleLimitsTests
{
    public static TheoryData<TimescaleEdition> Editions() => [TimescaleEdition.Plain, TimescaleEdition.Apache];

    [SkippableFact]
    public async Task Read_LongerThanAStatementMayTake_IsEndedByTheServerAndUnavailable()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using var database = Hasty(fixture, seconds: 1);

        // Without a limit on this side, so that only the server's can end it.
        var ended = await Assert.ThrowsAsync<StoreUnavailableException>(() => database.ReadAsync(
            async (connection, token) =>
            {
                await using var sleep = new NpgsqlCommand("SELECT pg_sleep(60)::text", connection) { CommandTimeout = 0 };
                return await sleep.ExecuteScalarAsync(token);
            },
            default));

        Assert.Equal(PostgresErrorCodes.QueryCanceled, Assert.IsType<PostgresException>(ended.InnerException).SqlState);
    }

    [SkippableFact]
    public async Task Store_TableHeldByAnother_IsUnavailableAndWorksAgainAfter()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using var database = Hasty(fixture, seconds: 1);
        await using var store = new TimescaleReadingStore(database, new(), new(), Options.Create(fixture.NodeLimit), fixture.Clock);
        await using (await fixture.HoldAsync("LOCK TABLE sensor_readings"))
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.AllAsync());
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.AddAsync(Some.Reading()));
        }

        await store.AddWithRetryAsync(Some.Reading()); // Patiently: a busy machine may need longer than such short limits leave it.
        Assert.Single(await fixture.Store.AllAsync());
    }

    [SkippableFact]
    public async Task Writer_IdleInItsTurn_IsEndedByTheServerAndTheNextGoesOn()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using var idle = await fixture.Database.OpenAsync(default);
        Assert.Equal("30s", await QueryAsync(idle, "SHOW idle_in_transaction_session_timeout"));
        await using (var begin = new NpgsqlCommand($"SET idle_in_transaction_session_timeout = '500ms'; BEGIN; {TimescaleReadingWriter.AcquireWriterLock}", idle))
            await begin.ExecuteNonQueryAsync();

        await fixture.Store.AddWithRetryAsync(Some.Reading()); // It waits for its turn, and the turn comes.

        Assert.Single(await fixture.Store.AllAsync());
        var ended = await Assert.ThrowsAnyAsync<NpgsqlException>(() => QueryAsync(idle, "SELECT 'alive'"));
        Assert.IsType<StoreUnavailableException>(TimescaleErrors.Translate(ended, default));
    }

    [SkippableTheory]
    [MemberData(nameof(Editions))]
    public async Task Connection_OnEveryEdition_MayReachIntoAnyNumberOfCompressedRows(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(edition);
        await using var connection = await fixture.Database.OpenAsync(default);

        Assert.Equal("0", await QueryAsync(connection, "SHOW timescaledb.max_tuples_decompressed_per_dml_transaction"));
    }

    [SkippableFact]
    public async Task Append_ReadingsOfMoreThanAHundredDays_AsksForFewerRows()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        var readings = Some.Run(12, 101, interval: 86_400);

        await Assert.ThrowsAsync<StoreBatchTooLargeException>(() => fixture.Store.AddAsync(readings));
        Assert.Equal(100, await fixture.Store.AddAsync(readings[1..]));
        Assert.Equal(100, await fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [SkippableFact]
    public async Task Append_ReadingsOfDaysFarApart_LeavesTheChunksBetweenThemAlone()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        var days = Some.Run(12, 300, interval: 86_400);
        foreach (var part in days.Chunk(100)) await fixture.Store.AddAsync(part);
        var between = await ChunkOfAsync(fixture, days[150]);

        await using (await fixture.HoldAsync($"LOCK TABLE {between}"))
            Assert.Equal(1, await fixture.Store.AddAsync(days[0], days[^1], days[^1] with { NodeAddress = 13 }));

        Assert.Equal(301, await fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Theory]
    [InlineData(2_133, false)]
    [InlineData(2_134, true)]
    public void LackOfLocks_MoreChunksThanTheServerCanLock_IsSaid(int chunks, bool isSaid)
        => Assert.Equal(isSaid, TimescaleStoreReporter.LackOfLocks(chunks, 64 * 100)?.Contains("max_locks_per_transaction", StringComparison.Ordinal) ?? false);

    private static async Task<string> ChunkOfAsync(TimescaleStoreFixture fixture, Reading reading)
    {
        await using var connection = await fixture.Database.OpenAsync(default);
        return (await QueryAsync(connection, FormattableString.Invariant($"SELECT tableoid::regclass::text FROM sensor_readings WHERE timestamp = to_timestamp({reading.Timestamp})")))!;
    }

    private static TimescaleDatabase Hasty(TimescaleStoreFixture fixture, int seconds)
    {
        var options = TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), fixture.Name);
        options.Pool.CommandTimeout = seconds;
        return new TimescaleDatabase(Options.Create(options));
    }

    private static async Task<string?> QueryAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() as string;
    }
}
