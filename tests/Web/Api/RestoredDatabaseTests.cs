using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>A PostgreSQL that is restored from a backup under a running hub: the side path notices it and is filled anew.</summary>
public sealed class RestoredDatabaseTests : ApiTests
{
    protected override bool HasSidePath => true;

    private static readonly string[] _tables = ["sensor_readings", "nodes", "ingest_batches"];

    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SidePath_DatabaseRestored_HoldsTheRestoredReadings(bool isWrittenAfterwards)
    {
        await StoreAsync(Run(12, 5));
        await StoreAsync(Run(13, 5));
        await App.WaitUntilCaughtUpAsync();
        await ExecuteAsync([.. _tables.Select(table => $"CREATE TABLE backup_{table} AS SELECT * FROM {table}")]);
        for (var i = 1; i <= 3; i++) await StoreAsync(Reading(12, Noon + i, temperature: 9900), Reading(14, Noon + i));
        await App.WaitUntilCaughtUpAsync();

        // As pg_restore does: other connections end, and the old content is there in one go.
        await ExecuteAsync([
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            .. _tables.SelectMany(table => (string[])[$"TRUNCATE {table}", $"INSERT INTO {table} SELECT * FROM backup_{table}"])]);
        App.Clock.Advance(TimeSpan.FromSeconds(7)); // Other commit times than those of the lost batches.
        if (isWrittenAfterwards)
            for (var i = 1; i <= 3; i++) await App.Store.AddWithRetryAsync(Reading(12, Noon + (10 * i), temperature: 100));
        await WaitFor.RetryWhileUnavailableAsync("the pool has new connections", () => App.Nodes.ListAsync(default));

        await WaitFor.TrueAsync("DuckDB has the restored readings", async () =>
        {
            App.Clock.Advance(TimeSpan.FromSeconds(30));
            var byDuckDb = await App.MetricAsync(SensorDashApp.QueriesByDuckDb);
            var statistics = await GetAsync("/api/nodes/12/statistics");
            Assert.Equal(isWrittenAfterwards ? 8 : 5, statistics.GetProperty("reading_count").GetInt32()); // Never the lost ones.
            if (statistics.GetProperty("temperature").GetProperty("max_celsius").GetDecimal() == 99) return false; // As many new batches as were lost: noticed a moment later.
            return await App.MetricAsync(SensorDashApp.QueriesByDuckDb) > byDuckDb;
        });
        Assert.Contains(App.Logs.Entries, entry => entry.Text.Contains("belongs to another store", StringComparison.Ordinal));
    }
}
