using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Migrations.Timescale;

namespace SensorDash.Tests.Support;

/// <summary>A store in a separate database, copied from a migrated one of the same edition.</summary>
public sealed class TimescaleStoreFixture : StoreFixture, IDbContextFactory<SensorDashContext>
{
    private static readonly ConcurrentDictionary<TimescaleEdition, Lazy<Task<string>>> _templates = new();
    private static int _count;

    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly TimescaleReadingStore _store;

    private TimescaleStoreFixture(NpgsqlConnectionStringBuilder server, string name)
    {
        (_server, Name) = (server, name);
        Options = OptionsOf(server, name);
        Database = new TimescaleDatabase(Microsoft.Extensions.Options.Options.Create(Options));
        _store = new TimescaleReadingStore(Database, Commits, Recent, Microsoft.Extensions.Options.Options.Create(NodeLimit), Clock);
    }

    /// <summary>Connection string of the database.</summary>
    public string Name { get; }

    public TimescaleOptions Options { get; }

    public TimescaleDatabase Database { get; }

    public CommitSignal Commits { get; } = new();

    public RecentBatches Recent { get; } = new();

    public override IReadingStore Store => _store;

    public override INodeStore NodeStore => new TimescaleNodeStore(Database, Commits, Clock);

    public override IStoreHealth Health => new TimescaleStoreHealth(Database);

    public override IReadingChangeFeed Changes => new TimescaleReadingChangeFeed(Database, Recent);

    public override IBatchLog Batches => new TimescaleBatchLog(Database, BatchTable.Readings, Clock);

    public override IBatchLog EventBatches => new TimescaleBatchLog(Database, BatchTable.Events, Clock);

    public override IDbContextFactory<SensorDashContext> Contexts => this;

    public override IWriterLock WriterLock { get; } = new TimescaleWriterLock();

    /// <summary>A migrated store; the test is skipped when the server does not have this edition.</summary>
    public static async Task<TimescaleStoreFixture> CreateAsync(TimescaleEdition edition)
    {
        var server = Administration();
        var template = _templates.GetOrAdd(edition, e => new(() => MakeTemplateAsync(server, e)));
        try
        {
            return new(server, await CreateDatabaseAsync(server, await template.Value));
        }
        catch when (template.Value.IsFaulted && template.Value.Exception.InnerException is not Xunit.SkipException)
        {
            _templates.TryRemove(new(edition, template)); // The next test makes another one.
            throw;
        }
    }

    /// <summary>An empty database as an administrator provides it: on a server without the extension, or with at least this edition.</summary>
    public static async Task<TimescaleStoreFixture> CreateEmptyAsync(TimescaleEdition edition)
    {
        var server = Administration();
        var name = await CreateDatabaseAsync(server, "template0");
        await PrepareAsync(server, name, edition);
        return new(server, name);
    }

    /// <summary>Settings for a database of the test server.</summary>
    public static TimescaleOptions OptionsOf(NpgsqlConnectionStringBuilder server, string name) => new()
    {
        Host = server.Host!,
        Port = server.Port,
        Database = name,
        User = server.Username!,
        PasswordEnv = PostgresServer.PasswordEnv,
        // Longer than any successful operation; tests of the limits set their own.
        Pool = new() { MinSize = 0, MaxSize = 10, CommandTimeout = 120, ConnectionTimeout = 60 },
    };

    /// <summary>The same as environment variables, for the program as a separate process.</summary>
    public static (string Name, string Value)[] EnvironmentOf(NpgsqlConnectionStringBuilder server, string name) =>
    [
        ("Database__Provider", DatabaseOptions.TimescaleProvider),
        ("Database__Timescale__Host", server.Host!),
        ("Database__Timescale__Port", server.Port.ToString(CultureInfo.InvariantCulture)),
        ("Database__Timescale__Database", name),
        ("Database__Timescale__User", server.Username!),
        ("Database__Timescale__PasswordEnv", PostgresServer.PasswordEnv),
        ("Database__Timescale__Pool__ConnectionTimeout", "60"), // Longer than on a busy machine; tests of the limit set their own.
    ];

    public (string Name, string Value)[] ProgramEnvironment => EnvironmentOf(_server, Name);

    /// <summary>The same as settings, for the program inside the test.</summary>
    public (string Key, string Value)[] ProgramSettings
        => [.. ProgramEnvironment.Select(v => (v.Name.Replace("__", ":", StringComparison.Ordinal), v.Value))];

    public SensorDashContext CreateDbContext() => CreateTimescaleContext();

    public TimescaleContext CreateTimescaleContext() => new(new DbContextOptionsBuilder<TimescaleContext>()
        .UseNpgsql(Database.DataSource, npgsql => npgsql.MigrationsAssembly(typeof(TimescaleContext).Assembly)).Options);

    /// <summary>A second store on the same database, as in another process.</summary>
    public TimescaleReadingStore CreateOtherStore(CommitSignal? commits = null) => new(Database, commits ?? new(), new(), Microsoft.Extensions.Options.Options.Create(NodeLimit), Clock);

    public override Task RejectValueAsync(short temperatureCentidegrees) => ExecuteAsync(string.Create(CultureInfo.InvariantCulture,
        $"ALTER TABLE sensor_readings ADD CONSTRAINT refuse_{Math.Abs((int)temperatureCentidegrees)} CHECK (temperature_centidegrees <> {temperatureCentidegrees})"));

    // In the lock order of writers: another order would deadlock.
    public override async Task<IAsyncDisposable> LockAsync()
        => await HoldAsync("LOCK TABLE sensor_readings, event_index, nodes, node_metadata, zones IN EXCLUSIVE MODE");

    /// <summary>A transaction of another program that ran these statements and stays open.</summary>
    public async Task<HeldTransaction> HoldAsync(params string[] statements)
    {
        var connection = await OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN;" + string.Join(';', statements), connection);
        await command.ExecuteNonQueryAsync();
        return new HeldTransaction(connection);
    }

    public override async Task<long> ScalarAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public override string Seconds(long time) => string.Create(CultureInfo.InvariantCulture, $"to_timestamp({time})");

    // Exact, as a floating-point number of seconds is not.
    public override string Microseconds(long time) => string.Create(CultureInfo.InvariantCulture, $"('epoch'::timestamptz + interval '{time} us')");

    public async Task<string> TextAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!;
    }

    /// <summary>Takes the database away from everybody, and ends their connections.</summary>
    public Task TakeAwayAsync() => PostgresServer.ExecuteAsync(_server, $"ALTER DATABASE {Name} ALLOW_CONNECTIONS false", Disconnect(Name));

    /// <summary>Gives it back.</summary>
    public Task GiveBackAsync() => PostgresServer.ExecuteAsync(_server, $"ALTER DATABASE {Name} ALLOW_CONNECTIONS true");

    public Task ExecuteAsync(params string[] statements) => PostgresServer.ExecuteAsync(At(_server, Name), statements);

    /// <summary>A separate connection of the test, outside all pools.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(At(_server, Name).ToString());
        await connection.OpenAsync();
        return connection;
    }

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await Database.DisposeAsync();
        await DropAsync(_server, Name);
        // What a restore has set aside.
        foreach (var aside in await ListAsync(_server, "SELECT datname::text FROM pg_database WHERE datname LIKE @name || '\\_aside\\_%'", Name)) await DropAsync(_server, aside);
    }

    // Pooled, because each database of a test takes six commands, and the server starts a process for each connection.
    private static NpgsqlConnectionStringBuilder Administration() => new(PostgresServer.Require().ToString()) { Pooling = true };

    private static async Task<string> MakeTemplateAsync(NpgsqlConnectionStringBuilder server, TimescaleEdition edition)
    {
        await DropLeftoversAsync(server);
        var template = await CreateEmptyAsync(edition); // Not disposed: it stays while the tests run, and a later run drops it.
        await using (var context = template.CreateTimescaleContext()) await context.Database.MigrateAsync();
        await template._store.DisposeAsync();
        await template.Database.DisposeAsync();
        // A database that is copied must have no connections, and TimescaleDB's scheduler would connect.
        await PostgresServer.ExecuteAsync(server, $"ALTER DATABASE {template.Name} ALLOW_CONNECTIONS false", Disconnect(template.Name));
        return template.Name;
    }

    // Waits until all connections are closed.
    private static string Disconnect(string name)
        => $"SELECT pg_terminate_backend(pid, {(int)WaitFor.Limit.TotalMilliseconds}) FROM pg_stat_activity WHERE datname = '{name}'";

    // Databases of ended test processes.
    private static async Task DropLeftoversAsync(NpgsqlConnectionStringBuilder server)
    {
        var names = await ListAsync(server, "SELECT datname FROM pg_database WHERE datname LIKE @name", "sensordash\\_test\\_%");
        var running = System.Diagnostics.Process.GetProcesses().Select(p => p.Id).ToHashSet();
        foreach (var name in names.Where(n => !running.Contains(int.Parse(n.Split('_')[2], CultureInfo.InvariantCulture))))
            await DropAsync(server, name);
    }

    private static async Task<string> CreateDatabaseAsync(NpgsqlConnectionStringBuilder server, string template)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"sensordash_test_{Environment.ProcessId}_{Interlocked.Increment(ref _count)}");
        await DropAsync(server, name);
        await WhenLeftAsync(server, template, $"CREATE DATABASE {name} TEMPLATE {template}");
        // A copy does not inherit the settings of its template.
        if (template != "template0") await PostgresServer.ExecuteAsync(server, await SettingsOfAsync(server, template, name));
        return name;
    }

    private static Task DropAsync(NpgsqlConnectionStringBuilder server, string name)
        => WhenLeftAsync(server, name, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    // The server waits 5 seconds for terminated connections and then fails; on a busy machine they need longer.
    private static Task WhenLeftAsync(NpgsqlConnectionStringBuilder server, string database, string sql) => WaitFor.TrueAsync(
        $"no connections to {database}",
        async () =>
        {
            try
            {
                await PostgresServer.ExecuteAsync(server, sql);
                return true;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                await PostgresServer.ExecuteAsync(server, Disconnect(database));
                return false;
            }
        });

    private static async Task<string[]> SettingsOfAsync(NpgsqlConnectionStringBuilder server, string template, string name)
    {
        var settings = await ListAsync(
            server, "SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = @name", template);
        return [.. settings.Select(s => s.Split('=', 2)).Select(s => $"ALTER DATABASE {name} SET {s[0]} = '{s[1]}'")];
    }

    private static async Task<List<string>> ListAsync(NpgsqlConnectionStringBuilder server, string sql, string name)
    {
        await using var connection = new NpgsqlConnection(server.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue("name", name);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync()) found.Add(reader.GetString(0));
        return found;
    }

    private static async Task PrepareAsync(NpgsqlConnectionStringBuilder server, string name, TimescaleEdition edition)
    {
        if (edition == TimescaleEdition.Plain)
        {
            await PostgresServer.ExecuteAsync(server, $"ALTER DATABASE {name} SET timescaledb.disable_load = 'on'");
            return;
        }
        var hasExtension = await CountAsync(At(server, name), "SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'") > 0;
        Xunit.Skip.IfNot(hasExtension, "The test server has no TimescaleDB.");
        // The edition is a setting of the server. Community has all features of Apache, so Apache's tests pass there too.
    }

    private static async Task<long> CountAsync(NpgsqlConnectionStringBuilder database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static NpgsqlConnectionStringBuilder At(NpgsqlConnectionStringBuilder server, string database) => new(server.ToString()) { Database = database, Pooling = false };

    /// <summary>Undone when it is disposed.</summary>
    public sealed class HeldTransaction(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            // Not only closed: the server would release its locks some time later.
            await using (var command = new NpgsqlCommand("ROLLBACK", connection)) await command.ExecuteNonQueryAsync();
            await connection.DisposeAsync();
        }
    }
}
