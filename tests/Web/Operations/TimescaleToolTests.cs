using System.Diagnostics;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The commands of docs/timescale.md, at the root of the repository, as an administrator types them.</summary>
public sealed class TimescaleToolTests
{
    private const string Snapshot = """
        SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
            SELECT format('%s %s %s', oid, relname, relkind) AS line FROM pg_class WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
            UNION ALL SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT h::text FROM timescaledb_information.hypertables h
            UNION ALL SELECT d::text FROM timescaledb_information.dimensions d
            UNION ALL SELECT h::text FROM "__EFMigrationsHistory" h) AS lines
        """;

    private const string WaitingForLongerThanALockMayTake = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND now() - query_start > interval '3 s'
        """;

    [SkippableFact]
    public async Task DatabaseUpdate_EmptyDatabaseTwice_MakesHypertablesAndThenChangesNothing()
    {
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);
        await RunAsync(fixture, "tool", "restore");

        await RunAsync(fixture, "ef", "database", "update", "--no-build", "--configuration", Configuration);
        var made = await fixture.TextAsync(Snapshot);
        Assert.Equal(7, await fixture.ScalarAsync("SELECT count(*) FROM timescaledb_information.hypertables"));

        // The second time while somebody reads: the limits of the settings are not those of the tool.
        Task again;
        await using (await fixture.HoldAsync("""LOCK TABLE "__EFMigrationsHistory" IN ACCESS SHARE MODE"""))
        {
            again = RunAsync(fixture, "ef", "database", "update", "--no-build", "--configuration", Configuration);
            while (!again.IsCompleted && await fixture.ScalarAsync(WaitingForLongerThanALockMayTake) == 0) await Task.Delay(100);
        }
        await again;

        Assert.Equal(made, await fixture.TextAsync(Snapshot));
    }

    // The tests are built as the program is: …/bin/Debug/net10.0/.
    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    // The tool starts several programs one after the other, and looks at the whole project first: more than anything else takes.
    private static async Task RunAsync(TimescaleStoreFixture fixture, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in fixture.ProgramEnvironment) start.Environment[name] = value;
        start.Environment["Database__Timescale__Pool__CommandTimeout"] = "1";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(5 * WaitFor.Limit);
        Assert.True(process.ExitCode == 0, await output + await errors);
    }
}
