using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Timescale;
using SensorDash.Migrations;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Migrations of a database that is in use: nothing is lost, and they have the time they need.</summary>
public sealed class TimescaleMigrationTests
{
    private static readonly EventQuery _everyEvent = new(EventFilter.All, Timebase.Source, EventDirection.Forward);

    [SkippableFact]
    public async Task Migrate_ExtensionThatCameLaterAsDocumented_CutsEveryTableAndKeepsEveryRow()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        Skip.If(await fixture.ScalarAsync("SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'") == 0, "The test server has no TimescaleDB.");
        await fixture.Store.AddAsync(Some.Run(1, 100, interval: 3600));
        var sent = SomeEvents.Many(100, 1).DistinctBy(e => e.Id).ToArray();
        string[] stored;
        await using (var events = new TimescaleEventStore(fixture.Database, new(), fixture.Clock))
        {
            await events.AppendAsync(sent, new RowOutcome[sent.Length], default);
            stored = await DescribeAsync(events);
        }
        var before = await CountRowsAsync(fixture);
        Assert.DoesNotContain(" 0", before, StringComparison.Ordinal);

        await fixture.ExecuteAsync($"ALTER DATABASE {fixture.Name} RESET timescaledb.disable_load", DocumentedStatement());
        await using var services = ServicesOf(fixture, commandTimeout: 30);
        await using (var context = MigrationContext(services)) await context.Database.MigrateAsync();

        Assert.Equal(7, await fixture.ScalarAsync("SELECT count(*) FROM timescaledb_information.hypertables"));
        Assert.Equal(before, await CountRowsAsync(fixture));
        // Only a session that began with the extension knows what it may do.
        var database = services.GetRequiredService<TimescaleDatabase>();
        await using var readings = new TimescaleReadingStore(database, new(), new(), Options.Create(fixture.NodeLimit), fixture.Clock);
        await using var later = new TimescaleEventStore(database, new(), fixture.Clock);
        Assert.Equal((100, 1), ((await readings.AllAsync()).Count, await readings.AddAsync(Some.Reading(2))));
        Assert.Equal(stored, await DescribeAsync(later));
        Assert.Equal(0, await later.AppendAsync(sent, new RowOutcome[sent.Length], default));

        // Once they are cut the statement does nothing, so that nobody cuts them twice.
        await fixture.ExecuteAsync(DocumentedStatement());
        await using (var context = MigrationContext(services)) Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [SkippableFact]
    public async Task Migrate_TableInUseForLongerThanAStatementMayTake_WaitsForIt()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using var services = ServicesOf(fixture, commandTimeout: 1);
        await using var context = MigrationContext(services);
        Task migrating;
        await using (await fixture.HoldAsync("LOCK TABLE event_batches IN ACCESS SHARE MODE"))
        {
            migrating = context.Database.MigrateAsync("Initial");
            await WaitFor.TrueAsync("the migration has waited for longer than any limit", async () => migrating.IsCompleted || await fixture.ScalarAsync($"""
                SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE d.datname = current_database() AND clock_timestamp() - l.waitstart > interval '{TimescaleDatabase.LockTimeoutSeconds + 1} s'
                """) > 0);
            Assert.False(migrating.IsCompleted);
        }
        await migrating;

        Assert.Equal(0, await fixture.ScalarAsync("SELECT count(*) FROM pg_tables WHERE tablename = 'event_batches'"));
    }

    [SkippableTheory]
    [InlineData(TimescaleEdition.Plain)]
    [InlineData(TimescaleEdition.Apache)]
    public async Task Script_RunTwice_MigratesAnEmptyDatabase(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(edition);
        await using var context = fixture.CreateTimescaleContext();
        var script = context.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent);

        await fixture.ExecuteAsync(script);
        await fixture.ExecuteAsync(script);

        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
        Assert.Equal(1, await fixture.ScalarAsync("SELECT count(*) FROM store_info"));
        Assert.Equal(0, await fixture.ScalarAsync("SELECT count(*) FROM dashboard_readings"));
    }

    [SkippableFact]
    public async Task Contexts_OnlyThoseForMigrations_HaveNoLimits()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using var services = ServicesOf(fixture, commandTimeout: 7);
        await using var migrating = MigrationContext(services);
        await using var usual = await services.GetRequiredService<IDbContextFactory<SensorDashContext>>().CreateDbContextAsync();

        Assert.Equal("0 0", await LimitsAsync(migrating));
        Assert.Equal("7s 2s", await LimitsAsync(usual));
    }

    private static Task<string> LimitsAsync(SensorDashContext context) => context.Database
        .SqlQueryRaw<string>("SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') AS \"Value\"").SingleAsync();

    private static string DocumentedStatement()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/timescale.md"));
        return page.Split("## Adding the extension later")[1].Split("```sql\n")[1].Split("```")[0];
    }

    private static ServiceProvider ServicesOf(TimescaleStoreFixture fixture, int commandTimeout)
    {
        var options = TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), fixture.Name);
        options.Pool.CommandTimeout = commandTimeout;
        return new ServiceCollection().AddSingleton(Options.Create(options)).AddSingleton<TimescaleDatabase>().AddTimescaleSchema().BuildServiceProvider();
    }

    private static SensorDashContext MigrationContext(ServiceProvider services)
        => services.GetRequiredKeyedService<IDbContextFactory<SensorDashContext>>(SchemaServices.ForMigrations).CreateDbContext();

    private static async Task<string[]> DescribeAsync(TimescaleEventStore events)
        => [.. (await events.ReadAsync(_everyEvent, default)).Events.Select(SomeEvents.Describe)];

    private static async Task<string> CountRowsAsync(TimescaleStoreFixture fixture)
    {
        string[] tables = ["sensor_readings", "nodes", "ingest_batches", "event_index", "event_batches", "command_requests",
            "raw_events", "parsed_events", "ui_events", "command_events", "metadata_events"];
        var counts = new List<string>();
        foreach (var table in tables) counts.Add($"{table} {await fixture.ScalarAsync($"SELECT count(*) FROM {table}")}");
        return string.Join('\n', counts);
    }
}
