using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>The schema on a server with and without the extension, and what the program does there at start.</summary>
public sealed class TimescaleModelTests
{
    public static TheoryData<TimescaleEdition> Editions() => [TimescaleEdition.Plain, TimescaleEdition.Apache];

    [SkippableTheory]
    [MemberData(nameof(Editions))]
    public async Task Migrations_UpTwiceDownAndUpAgain_KeepReadingsAndEndInTheSameSchema(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(edition);
        await using var context = fixture.CreateTimescaleContext();
        await context.Database.MigrateAsync();
        var schema = await SchemaAsync(fixture);
        await context.Database.MigrateAsync();
        Assert.Equal(schema, await SchemaAsync(fixture));
        await fixture.Store.AddAsync(Some.Run(1, 100, interval: 3600));

        await using var events = new TimescaleEventStore(fixture.Database, new(), fixture.Clock);
        var sent = SomeEvents.Many(100, 1).DistinctBy(e => e.Id).Where(e => e is not CommandEvent).ToArray();
        Assert.Equal(sent.Length, await events.AppendAsync(sent, new RowOutcome[sent.Length], default));
        var filter = new EventQuery(EventFilter.All, Timebase.Source, EventDirection.Forward);
        var stored = (await events.ReadAsync(filter, default)).Events.Select(SomeEvents.Describe).ToArray();

        await context.Database.MigrateAsync("Events");
        await context.Database.MigrateAsync();
        Assert.Equal(schema, await SchemaAsync(fixture));
        Assert.Equal(stored, (await events.ReadAsync(filter, default)).Events.Select(SomeEvents.Describe));

        await context.Database.MigrateAsync("Initial");
        Assert.Equal(100, await fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
        await context.Database.MigrateAsync();
        Assert.Equal(schema, await SchemaAsync(fixture));
        Assert.Equal(100, (await fixture.Store.AllAsync()).Count);

        await context.Database.MigrateAsync(Migration.InitialDatabase);
        Assert.Equal(0, await fixture.ScalarAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_EF%'"));
    }

    [SkippableTheory]
    [MemberData(nameof(Editions))]
    public async Task Migrations_OfEachEdition_SayInTheTableWhatTheyDid(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(edition);
        var said = edition == TimescaleEdition.Plain ? "One table" : await IsCommunityAsync(fixture) ? "Community edition" : "Apache edition";

        Assert.Contains(said, await fixture.TextAsync("SELECT obj_description('sensor_readings'::regclass)"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Model_AgainstItsMigrations_HasNoPendingChanges()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using var context = fixture.CreateTimescaleContext();

        Assert.False(context.Database.HasPendingModelChanges());
    }

    [SkippableFact]
    public async Task Schema_Text_SortsByCodePointWhateverTheLanguageOfTheDatabase()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using (var context = fixture.CreateTimescaleContext())
        {
            foreach (var name in (string[])["b", "B", "a", "é", "Z"]) context.Add(new Zone { Name = name, Color = "#112233" });
            await context.SaveChangesAsync();
        }

        var zones = await fixture.Zones.ListAsync(default);

        Assert.Equal(["B", "Z", "a", "b", "é"], zones.Select(z => z.Name));
    }

    [SkippableFact]
    public async Task FollowSettings_ChunkIntervalChanged_HoldsForNewChunksWithoutAMigration()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        fixture.Options.Hypertable.ChunkInterval = TimeSpan.FromHours(6);
        fixture.Options.Hypertable.CompressionAfter = TimeSpan.FromDays(3);

        for (var start = 0; start < 2; start++) await StartOf(fixture).ApplySettingsAsync(default);
        await fixture.Store.AddAsync([.. Enumerable.Range(0, 4).Select(i => Some.Reading(time: Some.Noon - 43_200 + (i * 21_600)))]);

        Assert.Equal(4, await fixture.ScalarAsync("SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'sensor_readings'"));
        Assert.Equal(7, await fixture.ScalarAsync("SELECT count(*) FROM timescaledb_information.dimensions WHERE time_interval = interval '6 hours'"));
    }

    [SkippableTheory]
    [MemberData(nameof(Editions))]
    public async Task FollowSettings_ContentIndexOnAndOff_IsMadeOfEachLaneWithJsonAndDropped(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(edition);
        const string Indexes = """
            SELECT coalesce(string_agg(tablename || ':' || substring(indexdef FROM 'USING gin \((\w+) jsonb_path_ops\)'), ',' ORDER BY tablename COLLATE "C"), '')
            FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '%USING gin%'
            """;
        foreach (var isOn in (bool[])[false, true, true, false])
        {
            fixture.Options.ContentIndex = isOn;
            await StartOf(fixture).ApplySettingsAsync(default);
            Assert.Equal(isOn ? "command_events:payload,metadata_events:payload,parsed_events:payload,ui_events:data" : "", await fixture.TextAsync(Indexes));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Editions))]
    public async Task FollowSettings_NodeIndexOnAndOff_IsMadeAndDropped(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(edition);
        const string Tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND (oid = 'sensor_readings'::regclass OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'sensor_readings'::regclass))";
        var days = 0;
        await fixture.Store.AddAsync(Some.Run(node: 1, count: 4, interval: 86_400));
        foreach (var isOn in (bool[])[false, true, true, false])
        {
            fixture.Options.NodeIndex = isOn;
            await StartOf(fixture).ApplySettingsAsync(default);
            Assert.Equal(isOn ? 1 : 0, await fixture.ScalarAsync(
                "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '%(node_address, \"timestamp\") INCLUDE (temperature_centidegrees, humidity_centipercent, flags, received_at)'"));
            // The table, and with it the chunks: those that there are, and new ones.
            await fixture.Store.AddAsync(Some.Reading(node: 1, time: Some.Noon + (86_400 * ++days)));
            Assert.Equal(isOn ? await fixture.ScalarAsync(Tables) : 0, await fixture.ScalarAsync(Tables + " AND 'autovacuum_vacuum_insert_threshold=20000' = ANY (reloptions)"));
            Assert.Equal(4 + days, (await fixture.Store.AllAsync()).Count);
        }
    }

    [SkippableFact]
    public async Task Documentation_QueriesOfPeople_RunAsTheyStandThere()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await fixture.Store.AddAsync([.. Some.Run(1, 100, interval: 60), .. Some.Run(2, 100, interval: 60)]);
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/timescale.md"));
        var queries = page.Split("## Your own SQL")[1].Split("```sql\n")[1].Split("```")[0].Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(4, queries.Length);
        foreach (var query in queries) await fixture.ExecuteAsync(query);
        Assert.Equal(await fixture.ScalarAsync("SELECT count(DISTINCT extract(epoch FROM timestamp)::bigint / 3600) FROM sensor_readings"),
            await fixture.ScalarAsync($"SELECT count(*) FROM ({queries[0]}) AS hours"));
    }

    [SkippableFact]
    public async Task Views_ForGrafana_ShowReadingsNodesAndEventsToARoleThatReadsNothingElse()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await fixture.Store.AddAsync(Some.Run(12, 10, interval: 60));
        var sent = SomeEvents.Many(200, 1).DistinctBy(e => e.Id).ToArray();
        await using (var events = new TimescaleEventStore(fixture.Database, new(), fixture.Clock)) await events.AppendAsync(sent, new RowOutcome[sent.Length], default);
        var page = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/timescale.md"))).Split("### Views for Grafana")[1];
        var role = fixture.Name + "_grafana"; // Roles belong to the whole server.
        await fixture.ExecuteAsync(page.Split("```sql\n")[1].Split("```")[0].Replace("grafana", role, StringComparison.Ordinal));
        try
        {
            var reader = new NpgsqlConnectionStringBuilder(PostgresServer.Require().ConnectionString) { Database = fixture.Name, Username = role, Password = "choose one", Pooling = false };
            await using var connection = new NpgsqlConnection(reader.ConnectionString);
            await connection.OpenAsync();

            Assert.Equal((10L, 1L, (long)sent.Length), (await CountAsync("dashboard_readings"), await CountAsync("dashboard_nodes"), await CountAsync("dashboard_events")));
            Assert.Equal(sent.GroupBy(e => e.Lane.Name()).Select(g => (g.Key, (long)g.Count())).Order(), await LanesAsync());
            await using (var panel = new NpgsqlCommand(page.Split("```sql\n")[2].Split("```")[0], connection)) await panel.ExecuteNonQueryAsync();
            foreach (var denied in (string[])["SELECT count(*) FROM users", "SELECT count(*) FROM api_keys", "SELECT count(*) FROM sensor_readings", "CREATE TABLE t (a int)"])
            {
                await using var command = new NpgsqlCommand(denied, connection);
                var state = (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
                Assert.True(state is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.ReadOnlySqlTransaction, $"{denied}: {state}");
            }

            async Task<long> CountAsync(string view)
            {
                await using var command = new NpgsqlCommand($"SELECT count(*) FROM {view}", connection);
                return (long)(await command.ExecuteScalarAsync())!;
            }

            async Task<IEnumerable<(string, long)>> LanesAsync()
            {
                var lanes = new List<(string, long)>();
                await using var command = new NpgsqlCommand("SELECT lane, count(*) FROM dashboard_events GROUP BY lane", connection);
                await using var rows = await command.ExecuteReaderAsync();
                while (await rows.ReadAsync()) lanes.Add((rows.GetString(0), rows.GetInt64(1)));
                return lanes.Order();
            }
        }
        finally
        {
            await fixture.ExecuteAsync($"DROP OWNED BY {role}", $"DROP ROLE {role}");
        }
    }

    [SkippableFact]
    public async Task FollowSettings_LockHeldByAnother_IsAWarningAndFollowsAtTheNextStart()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        fixture.Options.Hypertable.ChunkInterval = TimeSpan.FromHours(6);
        const string SixHours = "SELECT count(*) FROM timescaledb_information.dimensions WHERE time_interval = interval '6 hours'";
        await using (await fixture.HoldAsync("SELECT pg_advisory_xact_lock(5318009)"))
            await StartOf(fixture).ApplySettingsAsync(default);
        Assert.Equal(0, await fixture.ScalarAsync(SixHours));

        await StartOf(fixture).ApplySettingsAsync(default);
        Assert.Equal(7, await fixture.ScalarAsync(SixHours));
    }

    [SkippableFact]
    public async Task FollowSettings_CompressionOnOffAndOnAgain_IsThePolicyOfTheServer()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        var isCommunity = await IsCommunityAsync(fixture); // Else the setting is followed by doing nothing.
        foreach (var days in (int[])[7, 7, 3, 0, 5])
        {
            fixture.Options.Hypertable.CompressionAfter = TimeSpan.FromDays(days);
            await StartOf(fixture).ApplySettingsAsync(default);
            Assert.Equal(days > 0 && isCommunity ? 1 : 0, await fixture.ScalarAsync("SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_name = 'sensor_readings'"));
            if (days > 0 && isCommunity)
            {
                Assert.Equal(7, await fixture.ScalarAsync($"SELECT count(*) FROM timescaledb_information.jobs WHERE config ->> 'compress_after' = '{days} days'"));
            }
        }

        // Readings that were compressed are read, found as duplicates, joined by late ones, and removed like any others.
        await fixture.Store.AddAsync(Some.Run(1, 500, interval: 600));
        if (isCommunity) await fixture.ExecuteAsync("SELECT compress_chunk(c) FROM show_chunks('sensor_readings') c");
        Assert.Equal(1, await fixture.Store.AddAsync(Some.Run(1, 500, interval: 600)[7], Some.Reading(1, Some.Noon - 900)));
        Assert.Equal(501, (await fixture.Store.AllAsync()).Count);
        Assert.Equal(501, (await fixture.Changes.ReadChangesAsync(0, default)).Added.Count);
        var left = 501 - await fixture.Store.RemoveBeforeAsync(Some.Noon - 43_200, default);
        Assert.Equal(left, (await fixture.NodeStore.FindAsync(1, default))!.TotalReadings);
        Assert.Equal(left, (await fixture.Store.AllAsync()).Count);
    }

    [SkippableFact]
    public async Task Claim_WhatCanBeWrong_IsSaidInOneLineWithoutThePassword()
    {
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Plain);
        Environment.SetEnvironmentVariable("SENSORDASH_TEST_WRONG", "so-not-the-password");

        Assert.Contains("rejected the password for role", await ClaimAsync(fixture, o => o.PasswordEnv = "SENSORDASH_TEST_WRONG"), StringComparison.Ordinal);
        Assert.Contains("set the environment variable SENSORDASH_TEST_UNSET", await ClaimAsync(fixture, o => o.PasswordEnv = "SENSORDASH_TEST_UNSET"), StringComparison.Ordinal);
        Assert.Contains("the database nowhere does not exist on", await ClaimAsync(fixture, o => o.Database = "nowhere"), StringComparison.Ordinal);
        Assert.Contains("nobody", await ClaimAsync(fixture, o => o.User = "nobody"), StringComparison.Ordinal);
        Assert.Contains("cannot be reached", await ClaimAsync(fixture, o => o.Port = 1), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Migrate_RoleWithoutRights_IsSaidInOneLineAndLeavesNothing()
    {
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);
        var role = fixture.Name + "_role";
        Environment.SetEnvironmentVariable("SENSORDASH_TEST_ROLE", "pw");
        await fixture.ExecuteAsync($"DROP ROLE IF EXISTS {role}", $"CREATE ROLE {role} LOGIN PASSWORD 'pw'"); // A killed run has left its own.
        try
        {
            var options = Changed(fixture, o => (o.User, o.PasswordEnv) = (role, "SENSORDASH_TEST_ROLE"));
            await using var database = new TimescaleDatabase(options);
            await using var context = new SensorDash.Migrations.Timescale.TimescaleContext(
                new DbContextOptionsBuilder<SensorDash.Migrations.Timescale.TimescaleContext>().UseNpgsql(database.DataSource).Options);

            var refused = await Assert.ThrowsAnyAsync<Exception>(() => context.Database.MigrateAsync());

            Assert.Contains($"role {role} lacks privileges", new TimescaleStartup(database, options, NullLogger<TimescaleStartup>.Instance).Explain(refused), StringComparison.Ordinal);
            // The owner of the database needs no more than that: the extension is one that owners may create.
            await fixture.ExecuteAsync($"ALTER DATABASE {fixture.Name} OWNER TO {role}");
            await context.Database.MigrateAsync();
            Assert.Equal(1, await fixture.ScalarAsync("SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = 'sensor_readings'"));
        }
        finally
        {
            await fixture.ExecuteAsync($"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [SkippableFact]
    public async Task Append_NoConnectionLeft_IsUnavailableAndWorksAgainAfter()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        var options = Changed(fixture, o => (o.Pool.MaxSize, o.Pool.ConnectionTimeout) = (4, 1));
        await using var database = new TimescaleDatabase(options);
        await using var store = new TimescaleReadingStore(database, new(), new(), Options.Create(fixture.NodeLimit), fixture.Clock);
        var taken = new List<NpgsqlConnection>();
        // A busy server may take longer than the one second; the next attempt is as good.
        for (var i = 0; i < 4; i++) taken.Add(await WaitFor.RetryWhileUnavailableAsync("a connection of the pool is had", () => database.OpenAsync(default)));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.AddAsync(Some.Reading()));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CountAsync(default, default));
        foreach (var connection in taken) await connection.DisposeAsync();
        Assert.Equal(1, await store.AddAsync(Some.Reading()));

        // The server's own limit, which the pool cannot know.
        await fixture.ExecuteAsync($"ALTER DATABASE {fixture.Name} CONNECTION LIMIT 0", $"DROP ROLE IF EXISTS {fixture.Name}_few", $"CREATE ROLE {fixture.Name}_few LOGIN PASSWORD 'pw'",
            $"GRANT pg_read_all_data TO {fixture.Name}_few");
        Environment.SetEnvironmentVariable("SENSORDASH_TEST_ROLE", "pw");
        await using var few = new TimescaleDatabase(Changed(fixture, o => (o.User, o.PasswordEnv) = (fixture.Name + "_few", "SENSORDASH_TEST_ROLE")));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => few.OpenAsync(default));
        await fixture.ExecuteAsync($"DROP OWNED BY {fixture.Name}_few; DROP ROLE {fixture.Name}_few");
    }

    private static async Task<bool> IsCommunityAsync(TimescaleStoreFixture fixture)
        => await fixture.TextAsync("SELECT current_setting('timescaledb.license', true)") == "timescale";

    private static async Task<string> ClaimAsync(TimescaleStoreFixture fixture, Action<TimescaleOptions> change)
    {
        var options = Changed(fixture, change);
        await using var database = new TimescaleDatabase(options);
        var refused = await Assert.ThrowsAsync<StoreStartupException>(
            () => new TimescaleStartup(database, options, NullLogger<TimescaleStartup>.Instance).ClaimAsync(default));
        Assert.DoesNotContain("so-not-the-password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }

    internal static TimescaleStartup StartOf(TimescaleStoreFixture fixture)
        => new(fixture.Database, Options.Create(fixture.Options), NullLogger<TimescaleStartup>.Instance);

    private static IOptions<TimescaleOptions> Changed(TimescaleStoreFixture fixture, Action<TimescaleOptions> change)
    {
        var options = TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), fixture.Name);
        change(options);
        return Options.Create(options);
    }

    private static Task<string> SchemaAsync(TimescaleStoreFixture fixture) => fixture.TextAsync(string.Create(CultureInfo.InvariantCulture, $"""
        SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
            SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(collation_name, '') AS line
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT obj_description('sensor_readings'::regclass)) AS lines
        """));
}
