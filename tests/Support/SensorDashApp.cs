using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;

namespace SensorDash.Tests.Support;

/// <summary>The program on its own SQLite file, with Kestrel on a free loopback port and a clock that the test controls.</summary>
/// <remarks>A real server, because a test server has no limits, trailers and broken connections.</remarks>
public sealed class SensorDashApp : WebApplicationFactory<Program>
{
    /// <summary>Metric of the queries answered by DuckDB.</summary>
    public const string QueriesByDuckDb = "sensordash_analytics_answers_total{engine=\"duckdb\"}";

    /// <summary>Metric of the queries answered by the store.</summary>
    public const string QueriesByStore = "sensordash_analytics_answers_total{engine=\"store\"}";

    private readonly TemporaryFolder _folder = new();
    private readonly (string Key, string Value)[] _settings;

    public SensorDashApp(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel(); // Without a port: the factory would set it after the program, on its own thread, may have started the server.
    }

    public ManualTime Clock { get; } = new();

    public RecordedLogs Logs { get; } = new();

    public string DatabasePath => _settings.FirstOrDefault(s => s.Key == "Database:Sqlite:Path").Value ?? _folder.File("test.db");

    public IReadingStore Store => Services.GetRequiredService<IReadingStore>();

    public INodeStore Nodes => Services.GetRequiredService<INodeStore>();

    /// <summary>Base address of the server.</summary>
    public Uri Address => ClientOptions.BaseAddress;

    /// <summary>Blocks all writers until the result is disposed.</summary>
    public Task<SqliteLock> LockAsync() => SqliteLock.TakeAsync(DatabasePath);

    /// <summary>One value of <c>/metrics</c>, by its name with labels.</summary>
    public async Task<double> MetricAsync(string name)
    {
        using var client = CreateClient();
        var line = (await client.GetStringAsync("/metrics")).Replace("{} ", " ", StringComparison.Ordinal).Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Completes when DuckDB has all rows of the store, without advancing the clock: a query waits for that.</summary>
    public async Task WaitUntilCaughtUpAsync()
    {
        using var client = CreateClient();
        var before = await MetricAsync(QueriesByDuckDb);
        using var response = await client.GetAsync(new Uri("/api/fleet/hours?from=0&to=1", UriKind.Relative));
        if (await MetricAsync(QueriesByDuckDb) == before) throw new InvalidOperationException("The query did not use DuckDB: " + await client.GetStringAsync("/api/system/analytics"));
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        // Startup finds no pending migrations; the tests of startup run the program without this.
        if (!_settings.Any(s => s.Key is "Database:Provider" or "Database:MigrateAtStart") && !File.Exists(DatabasePath)) MigratedSqliteFile.CopyTo(DatabasePath);
        builder.UseSolutionRelativeContentRoot(".", "SensorDash.sln");
        builder.UseEnvironment("Production"); // As in production: no page that shows exceptions.
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Database:Sqlite:Path", DatabasePath);
        if (!_settings.Any(s => s.Key == "DUCKDB_PATH")) builder.UseSetting("Readings:DuckDb:Path", _folder.File("readings.duckdb"));
        if (_settings.Any(s => s.Key == "Database:Provider")) builder.UseSetting("Analytics:Path", _folder.File("side.duckdb"));
        builder.UseSetting("Ingest:Durability", "Normal");
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        // Real-time limits, which the test clock does not control, matter only to the tests of those limits.
        builder.UseSetting("Events:ReadTimeout", "00:10:00");
        builder.UseSetting("Database:Timescale:Pool:ConnectionTimeout", "60");
        foreach (var (key, value) in _settings) builder.UseSetting(key, value);
        builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(Logs));
        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 1_000); // Of 100,000, which take a core for 30 ms.
            services.Configure<KestrelServerOptions>(kestrel => (kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate) = (null, null));
        });
    }

    // Null also when the test has stopped the program.
    private string? FindConnectionString()
    {
        try
        {
            return Services.GetService<SqliteDatabase>()?.ConnectionString;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        var connectionString = FindConnectionString();
        await base.DisposeAsync();
        // The program, on its own thread, may be disposing of its services still, and the factory does not wait for it.
        await WaitFor.TrueAsync("the program has released its database", () => SqliteFileLock.FindServer(DatabasePath) is not { } url || new Uri(url).Port != Address.Port);
        if (connectionString is not null)
            using (var pooled = new SqliteConnection(connectionString)) SqliteConnection.ClearPool(pooled);
        await WaitFor.DatabaseReleasedAsync(DatabasePath);
        _folder.Dispose();
    }
}
