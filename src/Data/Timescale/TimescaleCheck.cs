using System.Globalization;
using Npgsql;
using SensorDash.Data.Scrub;

namespace SensorDash.Data.Timescale;

/// <summary>What PostgreSQL knows of damage: page checksums that failed, and with the extension amcheck each B-tree and its table.</summary>
public sealed class TimescaleCheck(TimescaleDatabase database) : IStoreCheck
{
    private const string Checksums = "page checksums";

    private const string Indexes = "indexes", IndexPrefix = "index ";

    // Of our tables and their chunks, the smallest first.
    private const string SelectIndexes = """
        SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND c.relpersistence = 'p' AND (n.nspname = current_schema() OR n.nspname = '_timescaledb_internal')
        ORDER BY pg_relation_size(c.oid), 1
        """;

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListPartsAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<string>>(
        async (connection, token) =>
        {
            var hasAmcheck = (await TimescaleBackup.TextsAsync(connection, "SELECT extname::text FROM pg_extension WHERE extname = 'amcheck'", token)).Count > 0;
            return hasAmcheck ? [Checksums, .. (await TimescaleBackup.TextsAsync(connection, SelectIndexes, token)).Select(index => IndexPrefix + index)] : [Checksums, Indexes];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<StoreCheck> CheckAsync(string part, CancellationToken cancellationToken) => database.ReadAsync(
        (connection, token) => part switch
        {
            Checksums => ReadChecksumsAsync(connection, token),
            Indexes => Task.FromResult(new StoreCheck([], "Indexes of PostgreSQL were not checked, so a rotten one may hide rows from a query; 'CREATE EXTENSION amcheck' by a superuser adds the check.")),
            _ => CheckIndexAsync(connection, part[IndexPrefix.Length..], token),
        },
        cancellationToken);

    private static async Task<StoreCheck> ReadChecksumsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT current_setting('data_checksums'), checksum_failures, checksum_last_failure FROM pg_stat_database WHERE datname = current_database()", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        if (row.GetString(0) != "on")
        {
            return new([], "PostgreSQL keeps no page checksums in this cluster, so it does not notice pages that have rotted; 'pg_checksums --enable' adds them while the server is stopped.");
        }
        var failures = await row.IsDBNullAsync(1, cancellationToken) ? 0 : row.GetInt64(1);
        return failures == 0 ? StoreCheck.Clean
            : new([string.Create(CultureInfo.InvariantCulture, $"PostgreSQL read {ScrubText.Count(failures, "page")} with a wrong checksum since its statistics began, the last one at {ScrubText.Time(row.GetMicroseconds(2))}")]);
    }

    // It takes the locks of a SELECT.
    private static async Task<StoreCheck> CheckIndexAsync(NpgsqlConnection connection, string index, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT bt_index_check(to_regclass($1), true) WHERE to_regclass($1) IS NOT NULL", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = index } } };
            await command.ExecuteNonQueryAsync(cancellationToken);
            return StoreCheck.Clean;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.IndexCorrupted or PostgresErrorCodes.DataCorrupted)
        {
            return new([e.MessageText]);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return new([], e.SqlState == PostgresErrorCodes.QueryCanceled ? $"amcheck of index {index} took longer than Database:Timescale:Pool:CommandTimeout."
                : "The role may not run amcheck: GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO it.");
        }
    }
}
