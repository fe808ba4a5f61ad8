using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Migrations.Timescale;
using SensorDash.Tests.Support;
using Xunit.Abstractions;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>One random bit of a relation of PostgreSQL is another one, without page checksums and with them: a server of its own is stopped, its data are changed, and it is started again.</summary>
public sealed class PostgresBitFlipTests(ITestOutputHelper output) : IDisposable
{
    private const string Database = "flips";

    // Of so many flips one is in the system's catalog and in that of TimescaleDB.
    private const int CatalogEach = 5;

    private const string SelectRelations = """
        SELECT pg_relation_filepath(c.oid), c.oid::regclass::text, c.oid < 16384 OR n.nspname NOT IN ('public', '_timescaledb_internal', 'pg_toast')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'i', 't', 'S') AND NOT c.relisshared AND pg_relation_size(c.oid) > 0 ORDER BY 1
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Findings _findings = new(output);
    private readonly Dictionary<string, string> _names = [];
    private readonly List<string> _ours = [], _catalog = [];
    private NpgsqlConnectionStringBuilder _connection = null!;

    private string SidePath => _folder.File("side.duckdb");

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task FlippedBit_OfAPostgreSqlFile_IsFound()
    {
        using var server = await OwnPostgresServer.TakeAsync("flips", 54329, isInMemory: true);
        Delete(server.Home); // Left by a test that was ended.
        try
        {
            server.Start();
            await FillAsync(server);
            var expected = await StoredData.ReadAsync(Options());
            Assert.NotEmpty(expected.Events);
            Assert.NotEmpty(expected.Readings);
            server.Stop();
            var without = await RunAsync("PostgreSQL without page checksums", AttackSize.Choose(quick: 1, full: 70), server, expected);
            server.AddChecksums();
            var with = await RunAsync("PostgreSQL with page checksums", AttackSize.Choose(quick: 1, full: 30), server, expected);
            _findings.AssertNone($"{without}; {with}");
        }
        finally
        {
            server.Stop();
            Delete(server.Home);
        }
    }

    private async Task<string> RunAsync(string attack, int trials, OwnPostgresServer server, StoredData expected)
    {
        var (outcomes, kept) = (new Outcomes(), Path.Combine(server.Home, "kept"));
        Copy(server.Data, kept);
        for (var trial = 0; trial < trials; trial++)
        {
            // A server that starts on damaged pages may write them.
            Copy(kept, server.Data);
            var isCatalog = trial % CatalogEach == CatalogEach - 1;
            var bit = FlippedBit.Flip([.. (isCatalog ? _catalog : _ours).Select(file => Path.Combine(server.Data, file))], AttackSize.RandomOf(attack, trial));
            var name = string.Create(CultureInfo.InvariantCulture, $"{attack} {trial}");
            var keptHere = AttackSize.KeptFolder is { } folder ? Path.Combine(folder, name.Replace(' ', '-')) : null;
            if (keptHere is not null) Copy(server.Data, keptHere);
            var (outcome, text) = !server.TryStart() ? (Outcome.FoundByEngine, "it does not start")
                : await Trial.RunAsync(expected, hasCopy: true, ScrubAsync, () => StoredData.ReadAsync(Options()));
            server.Stop();
            outcomes.Add(outcome);
            var line = $"{bit} ({_names[bit.File]}): {outcome}, {text}";
            output.WriteLine($"{name}: {line}");
            if (outcome == Outcome.Missed || (isCatalog && outcome == Outcome.WithoutCopy)) _findings.Add(name, line);
            else if (keptHere is not null) Delete(keptHere);
            _findings.Count(attack, each: 10);
        }
        Copy(kept, server.Data);
        return $"{attack}, {trials} trials: {outcomes}";
    }

    private async Task<ScrubState> ScrubAsync()
    {
        using var database = TimescaleScrub.Open(Options(), TimeProvider.System);
        using var stores = Trial.WithCopy(database, SidePath);
        try
        {
            return await Trial.ScrubAsync(stores);
        }
        catch (Exception e) when (e is not StoreUnavailableException)
        {
            throw new ScrubFailedException(e);
        }
    }

    // Half of the rows as they are after autovacuum, half as they were written.
    private async Task FillAsync(OwnPostgresServer server)
    {
        _connection = new(server.Connection.ToString()) { Database = Database };
        await PostgresServer.ExecuteAsync(server.Connection, $"CREATE DATABASE {Database}");
        await using (var context = new TimescaleContext(new DbContextOptionsBuilder<TimescaleContext>().UseNpgsql(_connection.ToString(), npgsql => npgsql.MigrationsAssembly(typeof(TimescaleContext).Assembly)).Options))
            await context.Database.MigrateAsync();
        await PostgresServer.ExecuteAsync(_connection, "CREATE EXTENSION amcheck"); // As docs/timescale.md recommends.
        var total = AttackSize.Choose(quick: 600, full: 6_000);
        await using (var app = new SensorDashApp([.. server.EnvironmentOf(Database).Select(v => (v.Name.Replace("__", ":", StringComparison.Ordinal), v.Value)), ("Analytics:Path", SidePath)]))
        {
            var filling = new Filling(app, hasLongEvents: true);
            await filling.SendAsync(total / 2);
            await PostgresServer.ExecuteAsync(_connection, "VACUUM ANALYZE");
            await filling.SendAsync(total / 2);
            await app.WaitUntilCaughtUpAsync();
        }
        await using var connection = new NpgsqlConnection(_connection.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(SelectRelations, connection);
        await using var relations = await command.ExecuteReaderAsync();
        while (await relations.ReadAsync())
        {
            (relations.GetBoolean(2) ? _catalog : _ours).Add(relations.GetString(0));
            _names[Path.GetFileName(relations.GetString(0))] = relations.GetString(1);
        }
    }

    private TimescaleOptions Options() => new()
    {
        Host = _connection.Host!,
        Port = _connection.Port,
        Database = Database,
        User = _connection.Username!,
        PasswordEnv = OwnPostgresServer.PasswordEnv,
        Pool = new() { MinSize = 0, MaxSize = 4, CommandTimeout = 60, ConnectionTimeout = 60 },
    };

    // With the owner, who is another one.
    private static void Copy(string from, string to)
    {
        Delete(to);
        using var copying = Process.Start("cp", ["-a", from, to]);
        copying.WaitForExit();
        Assert.Equal(0, copying.ExitCode);
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
