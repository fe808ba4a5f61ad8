using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using SensorDash.Data.Backup;

namespace SensorDash.Data.Timescale;

/// <summary>pg_dump and pg_restore of PostgreSQL.</summary>
/// <param name="folder">Their folder; empty: the PATH.</param>
/// <param name="options">The server.</param>
internal sealed partial class PostgresTools(string folder, TimescaleOptions options)
{
    public const string Dump = "pg_dump", Restore = "pg_restore";

    // Of what they print, the last lines.
    private const int MaxLines = 10;

    /// <summary>Checks that a tool is there and not older than the server.</summary>
    /// <exception cref="BackupException">It is missing or too old; the message says what to install.</exception>
    public async Task CheckAsync(string tool, Version server, CancellationToken cancellationToken)
    {
        var text = await RunAsync(tool, null, ["--version"], cancellationToken);
        if (!VersionNumber().IsMatch(text)) throw new BackupException($"{PathOf(tool)} does not say its version: {text}");
        var major = int.Parse(VersionNumber().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
        if (major < server.Major) throw new BackupException($"{PathOf(tool)} is of version {major}, older than the server ({server.Major}). {Advice(server.Major)}");
    }

    /// <summary>Runs a tool to its end.</summary>
    /// <param name="tool">Its name.</param>
    /// <param name="database">The database that it connects to; null: none.</param>
    /// <param name="arguments">Its arguments; never a secret.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What it printed.</returns>
    /// <exception cref="BackupException">It is missing, or failed.</exception>
    public async Task<string> RunAsync(string tool, string? database, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(PathOf(tool), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var environment = start.Environment;
        environment["LC_ALL"] = "C";
        if (database is not null)
        {
            (environment["PGHOST"], environment["PGPORT"], environment["PGUSER"], environment["PGDATABASE"]) = (options.Host, options.Port.ToString(CultureInfo.InvariantCulture), options.User, database);
            if ((options.Password ?? Environment.GetEnvironmentVariable(options.PasswordEnv)) is { } password) environment["PGPASSWORD"] = password;
            environment["PGSSLMODE"] = options.Ssl switch { TimescaleSsl.VerifyCA => "verify-ca", TimescaleSsl.VerifyFull => "verify-full", var mode => mode.ToString().ToLowerInvariant() };
            environment["PGCONNECT_TIMEOUT"] = options.Pool.ConnectionTimeout.ToString(CultureInfo.InvariantCulture);
        }
        using var process = Start(start, tool);
        process.StandardInput.Close(); // It must not ask for a password.
        var (output, errors) = (ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
        var (printed, error) = (await output, await errors);
        return process.ExitCode == 0 ? printed : throw new BackupException($"{tool} failed: {(error.Length > 0 ? error : $"exit code {process.ExitCode}")}");
    }

    private Process Start(ProcessStartInfo start, string tool)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new BackupException($"{PathOf(tool)} cannot be run: {e.Message}. {Advice(null)}", e);
        }
    }

    private string PathOf(string tool) => folder.Length == 0 ? tool : Path.Combine(folder, tool);

    private static string Advice(int? major)
        => $"Install PostgreSQL's client programs{(major is null ? " of the server's version" : $", version {major}")} (Debian: postgresql-client), or set Backup:PostgresTools to their folder.";

    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var lines = new Queue<string>();
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lines.Enqueue(line);
            if (lines.Count > MaxLines) lines.Dequeue();
        }
        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\(PostgreSQL\) ([0-9]+)")]
    private static partial Regex VersionNumber();
}
