using System.Globalization;
using Npgsql;

namespace SensorDash.Tests.Support;

/// <summary>A server of <c>tools/timescale-server</c> that a test may stop: stopping the one of the other tests would fail them.</summary>
public sealed class OwnPostgresServer : IDisposable
{
    /// <summary>The environment variable with its password for the program under test; set for this process and its children.</summary>
    public const string PasswordEnv = "SENSORDASH_TEST_OWN_POSTGRES_PASSWORD";

    private readonly Dictionary<string, string> _instance;
    private readonly FileStream _turn;

    private OwnPostgresServer(string name, Dictionary<string, string> instance, FileStream turn)
    {
        (_instance, _turn) = (instance, turn);
        Home = instance["SENSORDASH_TIMESCALE_STORAGE"] == "memory" ? "/dev/shm/sensordash-timescale-" + name : Path.Combine(Place, "debian/srv", name);
    }

    private static string Place => Environment.GetEnvironmentVariable("SENSORDASH_TIMESCALE_FOLDER") is { Length: > 0 } place ? place : "/var/tmp/sensordash-timescale";

    /// <summary>The folder with its password and its data.</summary>
    public string Home { get; }

    /// <summary>Its data, while it is stopped.</summary>
    public string Data => Path.Combine(Home, "data");

    /// <summary>Connection string of a superuser.</summary>
    public NpgsqlConnectionStringBuilder Connection => PostgresServer.Find(_instance) ?? throw new InvalidOperationException("The server does not run.");

    /// <summary>Takes the server of a name, which is stopped; the tests of another checkout have their turn first. The test is skipped where no such server can be.</summary>
    /// <param name="name">Of the kind of test.</param>
    /// <param name="port">Its port, which no other kind has.</param>
    /// <param name="isInMemory">Always; otherwise as <c>SENSORDASH_TIMESCALE_STORAGE</c> says.</param>
    public static async Task<OwnPostgresServer> TakeAsync(string name, int port, bool isInMemory = false)
    {
        Xunit.Skip.IfNot(Directory.Exists(Path.Combine(Place, "debian")), "No server that may be stopped: tools/timescale-server up has not made one here.");
        var instance = new Dictionary<string, string>
        {
            ["SENSORDASH_TEST_POSTGRES"] = "",
            ["SENSORDASH_TIMESCALE_INSTANCE"] = name,
            ["SENSORDASH_TIMESCALE_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["SENSORDASH_TIMESCALE_STORAGE"] = isInMemory ? "memory" : Environment.GetEnvironmentVariable("SENSORDASH_TIMESCALE_STORAGE") is { Length: > 0 } storage ? storage : "disk",
        };
        var server = new OwnPostgresServer(name, instance, await TurnAsync(Path.Combine(Place, name + ".alone")));
        server.Stop();
        return server;
    }

    /// <summary>Starts it, with an empty cluster if it has no data.</summary>
    public void Start() => Assert(TryStart(), "start");

    /// <summary>Whether it has started.</summary>
    public bool TryStart()
    {
        if (PostgresServer.Tool("up", _instance).ExitCode != 0) return false;
        Environment.SetEnvironmentVariable(PasswordEnv, Connection.Password);
        return true;
    }

    public void Stop() => Assert(PostgresServer.Tool("down", _instance).ExitCode == 0, "stop");

    /// <summary>Adds page checksums to it while it is stopped.</summary>
    public void AddChecksums() => Assert(PostgresServer.Tool("checksums", _instance).ExitCode == 0, "take checksums");

    /// <summary>Settings for a database of it.</summary>
    public (string Name, string Value)[] EnvironmentOf(string database) => [.. TimescaleStoreFixture.EnvironmentOf(Connection, database), ("Database__Timescale__PasswordEnv", PasswordEnv)];

    /// <summary>Stops it and lets others have their turn; its data stay.</summary>
    public void Dispose()
    {
        PostgresServer.Tool("down", _instance);
        _turn.Dispose();
    }

    private static void Assert(bool isDone, string what)
    {
        if (!isDone) throw new InvalidOperationException($"The server does not {what}; tools/timescale-server said why.");
    }

    private static async Task<FileStream> TurnAsync(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(100);
            }
        }
    }
}
