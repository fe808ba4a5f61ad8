using System.Globalization;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.Cases;

/// <summary>A PostgreSQL that is stopped, frozen or has no connection left: clients see it through a relay, and the server of the other tests goes on.</summary>
internal static class PostgresCases
{
    private const string IsRefused = "readings 503, queries 503, `/health/ready` 503";

    public static async Task<List<FaultCase>> RunAsync()
    {
        await using var database = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);
        var server = PostgresServer.Require();
        await using var relay = new TcpRelay(server.Host!, server.Port);
        using var folder = new TemporaryFolder();
        var role = database.Name + "_role"; // No limit of connections holds for a superuser.
        Environment.SetEnvironmentVariable("SENSORDASH_TEST_FAULTS_ROLE", "pw");
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'pw'", $"ALTER DATABASE {database.Name} OWNER TO {role}");
        try
        {
            await using var program = await SensorDashProcess.StartAsync(folder.File("unused.db"),
            [
                .. database.ProgramEnvironment, ("Database__Timescale__Host", "127.0.0.1"), ("Database__Timescale__Port", relay.Port.ToString(CultureInfo.InvariantCulture)),
                ("Database__Timescale__User", role), ("Database__Timescale__PasswordEnv", "SENSORDASH_TEST_FAULTS_ROLE"), ("Ingest__AckTimeout", "00:00:01"),
                ("Database__Timescale__Pool__CommandTimeout", "5"), ("Database__Timescale__Pool__ConnectionTimeout", "10"), // How long a query waits for a frozen server.
            ]);
            var sender = new Sender(1);
            return
            [
                await RunAsync("PostgreSQL: stopped", program, sender, database, relay.Cut, relay.Mend),
                await RunAsync("PostgreSQL: frozen", program, sender, database, relay.Pause, relay.Resume),
                await RunAsync("PostgreSQL: no connection left", program, sender, database,
                    () => Execute($"ALTER ROLE {role} CONNECTION LIMIT 0", $"SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE usename = '{role}'"), () => Execute($"ALTER ROLE {role} CONNECTION LIMIT -1")),
            ];
        }
        finally
        {
            await database.ExecuteAsync($"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}");
        }

        void Execute(params string[] statements) => database.ExecuteAsync(statements).GetAwaiter().GetResult();
    }

    private static async Task<FaultCase> RunAsync(string name, SensorDashProcess program, Sender sender, TimescaleStoreFixture database, Action begin, Action end)
    {
        await Seen.UntilAsync("it takes readings", () => Seen.Async(program.Client, sender), Seen.Healthy.Equals);
        begin();
        var during = await Seen.UntilAsync($"{name}: it refuses readings", () => Seen.Async(program.Client, sender), IsRefused.Equals);
        end();
        var after = await Seen.UntilAsync($"{name}: it takes readings again", () => Seen.Async(program.Client, sender), Seen.Healthy.Equals);
        return new(name, during, after, await Seen.RowsAsync(new StoreFiles(Engine.Timescale, "", database), sender));
    }
}
