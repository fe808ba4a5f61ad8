using System.Diagnostics;
using Npgsql;

namespace SensorDash.Tests.Support;

/// <summary>The server for tests: the one of <c>SENSORDASH_TEST_POSTGRES</c>, else the one that <c>tools/timescale-server up</c> started.</summary>
public static class PostgresServer
{
    /// <summary>The environment variable with the password of that server for the program under test; set for this process and its children.</summary>
    public const string PasswordEnv = "SENSORDASH_TEST_POSTGRES_PASSWORD";

    private static readonly Lazy<NpgsqlConnectionStringBuilder?> _server = new(() =>
    {
        var found = Find(new Dictionary<string, string>());
        if (found is not null) Environment.SetEnvironmentVariable(PasswordEnv, found.Password);
        return found;
    });

    private static readonly Lazy<string> _tools = new(() => Environment.GetEnvironmentVariable("SENSORDASH_TEST_POSTGRES_TOOLS") is { } folder ? folder
        : Tool("tools", new Dictionary<string, string>()) is (0, var output) ? output.Trim() : "");

    /// <summary>The folder with pg_dump and pg_restore of the server's version: <c>SENSORDASH_TEST_POSTGRES_TOOLS</c>, else that of <c>tools/timescale-server tools</c>; empty: the PATH.</summary>
    public static string ToolsFolder => _tools.Value;

    /// <summary>Connection string of a superuser; null when there is no server.</summary>
    public static NpgsqlConnectionStringBuilder? Find() => _server.Value;

    /// <summary>The server of <c>tools/timescale-server</c> with further environment variables, such as another instance.</summary>
    public static NpgsqlConnectionStringBuilder? Find(IReadOnlyDictionary<string, string> environment)
    {
        var (exitCode, output) = Tool("url", environment);
        if (exitCode != 0) return null;
        var url = new Uri(output.Trim());
        var user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port > 0 ? url.Port : 5432,
            Database = url.AbsolutePath.Trim('/'),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Pooling = false,
            Timeout = 60,
            CommandTimeout = 120,
        };
    }

    /// <summary>Returns the server, or skips the test if there is none; on CI the test fails, so that a missing engine is noticed.</summary>
    public static NpgsqlConnectionStringBuilder Require()
    {
        if (Find() is { } server) return server;
        const string Reason = "No PostgreSQL: start one with tools/timescale-server up, or set SENSORDASH_TEST_POSTGRES.";
        if (Environment.GetEnvironmentVariable("CI") == "true") throw new InvalidOperationException(Reason);
        throw new Xunit.SkipException(Reason);
    }

    /// <summary>Runs <c>tools/timescale-server</c>.</summary>
    public static (int ExitCode, string Output) Tool(string command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "tools/timescale-server"), command]) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        // A started server does not inherit the pipe, so the output ends with the script.
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    public static async Task ExecuteAsync(NpgsqlConnectionStringBuilder server, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(server.ToString());
        await connection.OpenAsync();
        foreach (var sql in statements)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
