using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Tests.Support;

/// <summary>The program itself on a SQLite file of its own, behind Kestrel on a free port of loopback, its clock in the test's hand.</summary>
/// <remarks>A real server, because limits, trailers and broken connections do not exist in a pretended one.</remarks>
public sealed class SensorDashApp : WebApplicationFactory<Program>
{
    private readonly TemporaryFolder _folder = new();
    private readonly (string Key, string Value)[] _settings;

    public SensorDashApp(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel(0);
    }

    public ManualTime Clock { get; } = new();

    public string DatabasePath => _folder.File("test.db");

    public IReadingStore Store => Services.GetRequiredService<IReadingStore>();

    /// <summary>Where the server listens.</summary>
    public Uri Address => ClientOptions.BaseAddress;

    /// <summary>Keeps every writer out until the answer is disposed.</summary>
    public Task<SqliteLock> LockAsync() => SqliteLock.TakeAsync(DatabasePath);

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSolutionRelativeContentRoot(".", "SensorDash.sln");
        builder.UseEnvironment("Production"); // As it runs at a user's: no page that shows exceptions.
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Database:Sqlite:Path", DatabasePath);
        builder.UseSetting("Ingest:Durability", "Normal");
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        foreach (var (key, value) in _settings) builder.UseSetting(key, value);
        builder.ConfigureLogging(logging => logging.ClearProviders());
        builder.ConfigureTestServices(services => services.AddSingleton<TimeProvider>(Clock));
    }

    public override async ValueTask DisposeAsync()
    {
        var connectionString = Services.GetRequiredService<SqliteDatabase>().ConnectionString;
        await base.DisposeAsync();
        using (var pooled = new SqliteConnection(connectionString)) SqliteConnection.ClearPool(pooled);
        _folder.Dispose();
    }
}
