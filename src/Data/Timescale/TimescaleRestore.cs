using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using SensorDash.Data.Backup;

namespace SensorDash.Data.Timescale;

/// <summary>A database beside that of the settings, which takes its name.</summary>
internal sealed class TimescaleRestore(TimescaleDatabase database, string name, TimeProvider clock) : IPreparedRestore
{
    /// <summary>So that connections of a restore are not taken for those of a server.</summary>
    public const string ApplicationName = "SensorDash backup";

    private const string MaintenanceDatabase = "postgres";

    private const int MaxTries = 20; // Each terminates the connections that have come meanwhile.

    private bool _isThere;

    private string Temporary => name + "_restoring";

    /// <summary>Of the restored database, until the commit.</summary>
    public string ConnectionString => StringOf(Temporary);

    /// <summary>Checks the database of the settings, and creates the one beside it.</summary>
    /// <returns>The version of the server.</returns>
    public async Task<Version> BeginAsync(string? timescale, bool replaces, CancellationToken cancellationToken)
    {
        await using var server = await TimescaleBackup.OpenAsync(StringOf(MaintenanceDatabase), cancellationToken);
        _isThere = (await TimescaleBackup.TextsAsync(server, $"SELECT datname::text FROM pg_database WHERE datname = {Literal(name)}", cancellationToken)).Count > 0;
        if (_isThere) await ThrowIfTakenAsync(replaces, cancellationToken);
        if (timescale is not null)
        {
            var offered = await TimescaleBackup.TextsAsync(server, "SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb'", cancellationToken);
            if (!offered.Contains(timescale))
                throw new BackupException($"The backup needs TimescaleDB {timescale}; the server offers {(offered.Count == 0 ? "none" : string.Join(", ", offered))}. Install that version, restore, and update it then.");
        }
        var running = (await TimescaleBackup.TextsAsync(
            server, $"SELECT coalesce(host(client_addr), 'local') FROM pg_stat_activity WHERE datname = {Literal(name)} AND application_name = 'SensorDash'", cancellationToken)).FirstOrDefault();
        if (running is not null) throw new BackupException($"A SensorDash server uses {database.Name} (from {running}). Stop it first.");
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {Quoted(Temporary)} WITH (FORCE)", cancellationToken); // Of a restore that was killed.
        await ExecuteAsync(server, $"CREATE DATABASE {Quoted(Temporary)} TEMPLATE template0", cancellationToken);
        // Settings of a database are not in its dump.
        foreach (var setting in await TimescaleBackup.TextsAsync(
            server, $"SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE setrole = 0 AND d.datname = {Literal(name)}", cancellationToken))
        {
            if (setting.Split('=', 2) is [var key, var value] && key != "timescaledb.restoring") await ExecuteAsync(server, $"ALTER DATABASE {Quoted(Temporary)} SET {key} = {Literal(value)}", cancellationToken);
        }
        return server.PostgreSqlVersion;
    }

    /// <summary>Fills it.</summary>
    public async Task LoadAsync(PostgresTools tools, string path, bool hasTimescale, CancellationToken cancellationToken)
    {
        if (hasTimescale) await InsideAsync(["CREATE EXTENSION IF NOT EXISTS timescaledb", "SELECT timescaledb_pre_restore()"], cancellationToken);
        await tools.RunAsync(PostgresTools.Restore, Temporary, ["--no-owner", "--exit-on-error", $"--dbname={Temporary}", path], cancellationToken);
        if (hasTimescale) await InsideAsync(["SELECT timescaledb_post_restore()"], cancellationToken);
    }

    /// <summary>A new epoch: positions of the former history mean nothing in a restored store. And statistics, which a dump does not have.</summary>
    public Task FinishAsync(CancellationToken cancellationToken)
        => InsideAsync([$"UPDATE store_info SET epoch = '{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}', readings_epoch = NULL", "ANALYZE"], cancellationToken);

    public async Task<string?> CommitAsync()
    {
        var aside = name + clock.GetUtcNow().ToString("'_aside_'yyyyMMdd't'HHmmss", CultureInfo.InvariantCulture);
        try
        {
            await using var server = await TimescaleBackup.OpenAsync(StringOf(MaintenanceDatabase), CancellationToken.None);
            for (var number = 2; _isThere && await ExistsAsync(server, aside); number++) aside = string.Create(CultureInfo.InvariantCulture, $"{name}_aside_{number}");
            if (_isThere) await RenameAsync(server, name, aside);
            await RenameAsync(server, Temporary, name);
            return _isThere ? aside : null;
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            throw new BackupException($"{name} cannot be renamed: {e.Message} The restored database is {Temporary}.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var server = await TimescaleBackup.OpenAsync(StringOf(MaintenanceDatabase), CancellationToken.None);
            await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {Quoted(Temporary)} WITH (FORCE)", CancellationToken.None);
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            // The next restore drops it.
        }
    }

    private async Task ThrowIfTakenAsync(bool replaces, CancellationToken cancellationToken)
    {
        if (replaces) return;
        await using var there = await TimescaleBackup.OpenAsync(StringOf(name), cancellationToken);
        var tables = await TimescaleBackup.TextsAsync(there, "SELECT relname::text FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind IN ('r', 'p') LIMIT 1", cancellationToken);
        if (tables.Count > 0) throw new BackupException($"{database.Name} has tables already. With --replace it is set aside under another name, and the backup takes its place.");
    }

    // Background workers of TimescaleDB are connections too, and come again.
    private static async Task RenameAsync(NpgsqlConnection server, string from, string to)
    {
        await ExecuteAsync(server, $"ALTER DATABASE {Quoted(from)} WITH ALLOW_CONNECTIONS false", CancellationToken.None);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                await TimescaleBackup.TextsAsync(server, $"SELECT pg_terminate_backend(pid, 5000)::text FROM pg_stat_activity WHERE datname = {Literal(from)}", CancellationToken.None);
                try
                {
                    await ExecuteAsync(server, $"ALTER DATABASE {Quoted(from)} RENAME TO {Quoted(to)}", CancellationToken.None);
                    from = to;
                    return;
                }
                catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse && attempt < MaxTries)
                {
                    // Once more.
                }
            }
        }
        finally
        {
            await ExecuteAsync(server, $"ALTER DATABASE {Quoted(from)} WITH ALLOW_CONNECTIONS true", CancellationToken.None);
        }
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection server, string database)
        => (await TimescaleBackup.TextsAsync(server, $"SELECT datname::text FROM pg_database WHERE datname = {Literal(database)}", CancellationToken.None)).Count > 0;

    private async Task InsideAsync(string[] statements, CancellationToken cancellationToken)
    {
        await using var connection = await TimescaleBackup.OpenAsync(ConnectionString, cancellationToken);
        foreach (var sql in statements) await ExecuteAsync(connection, sql, cancellationToken);
    }

    private string StringOf(string databaseName) => new NpgsqlConnectionStringBuilder(database.MigrationConnectionString) { Database = databaseName }.ToString();

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Quoted(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
