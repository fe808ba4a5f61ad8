using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IStoreReporter"/>
public sealed class TimescaleStoreReporter(TimescaleDatabase database, IOptions<TimescaleOptions> options) : IStoreReporter
{
    private const string Server = """
        SELECT current_setting('server_version'), pg_database_size(current_database()),
            coalesce((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), ''),
            (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND state <> 'idle')
        """;

    private const string Chunks = """
        SELECT count(*)::int, count(*) FILTER (WHERE is_compressed)::int FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema()
        """;

    // A query without a range of time locks each chunk and its indexes, and the server has a fixed table of locks for all its transactions.
    private const string Locks = """
        SELECT current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)
        """;

    private const int LocksPerChunk = 3;

    // Functions of the Community edition; each reads its own table only.
    private const string Compression = """
        SELECT sum(s.before_compression_total_bytes)::float8 / nullif(sum(s.after_compression_total_bytes), 0)
        FROM timescaledb_information.hypertables h, LATERAL hypertable_compression_stats(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass) s
        WHERE h.hypertable_schema = current_schema()
        """;

    private const string Policies = """
        SELECT hypertable_name, proc_name, schedule_interval::text, config::text FROM timescaledb_information.jobs
        WHERE hypertable_schema = current_schema() ORDER BY hypertable_name, proc_name
        """;

    /// <inheritdoc/>
    public Task<StoreReport> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(ReadAsync, cancellationToken);

    /// <inheritdoc/>
    public Task<string?> ReadLimitationAsync(CancellationToken cancellationToken)
        => database.ReadAsync(async (connection, token) => LimitationOf(await TimescaleLayout.EditionAsync(connection, token)), cancellationToken);

    private async Task<StoreReport> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var edition = await TimescaleLayout.EditionAsync(connection, cancellationToken);
        var (version, size, extension, busy) = await ReadServerAsync(connection, cancellationToken);
        var report = new StoreReport("PostgreSQL", EditionText(edition, extension), version, database.Name, size)
        {
            Pool = new PoolUse((int)busy, null, options.Value.Pool.MaxSize),
        };
        if (LimitationOf(edition) is { } lack) report = report with { Notes = [lack] };
        if (edition == TimescaleEdition.Plain) return report;
        var (chunks, compressed) = await ReadChunksAsync(connection, cancellationToken);
        if (await FindLackOfLocksAsync(connection, chunks, cancellationToken) is { } locks) report = report with { Notes = [.. report.Notes, locks] };
        if (edition == TimescaleEdition.Apache) return report with { Parts = new PartUse("chunk", chunks, compressed, null) };
        await using var ratio = new NpgsqlCommand(Compression, connection);
        return report with
        {
            Parts = new PartUse("chunk", chunks, compressed, await ratio.ExecuteScalarAsync(cancellationToken) as double?),
            Notes = [.. report.Notes, .. await ReadPoliciesAsync(connection, cancellationToken)],
        };
    }

    private static async Task<string?> FindLackOfLocksAsync(NpgsqlConnection connection, int chunks, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Locks, connection);
        return LackOfLocks(chunks, (long)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>What to tell users when all chunks together need more locks than the server has; null when they do not.</summary>
    internal static string? LackOfLocks(int chunks, long locks) => (long)chunks * LocksPerChunk <= locks ? null : FormattableString.Invariant(
        $"A query over all time can fail: it locks {chunks} chunks with their indexes, and the server has {locks} locks. Raise max_locks_per_transaction, or set a longer ChunkInterval for new chunks.");

    private static string? LimitationOf(TimescaleEdition edition) => edition switch
    {
        TimescaleEdition.Plain => "Without TimescaleDB the tables are not partitioned: SensorDash deletes old readings row by row and compresses nothing.",
        TimescaleEdition.Apache => "The Apache edition has no compression and no policies; SensorDash drops old readings chunk by chunk.",
        _ => null,
    };

    private static string EditionText(TimescaleEdition edition, string? extension) => edition switch
    {
        TimescaleEdition.Plain => extension is null ? "without TimescaleDB" : "TimescaleDB is installed, but the tables are not partitioned",
        _ => $"TimescaleDB {extension}, {edition} edition",
    };

    private static async Task<(string Version, long Size, string? Extension, long Busy)> ReadServerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Server, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetString(0).Split(' ')[0], reader.GetInt64(1), reader.GetString(2) is { Length: > 0 } extension ? extension : null, reader.GetInt64(3));
    }

    private static async Task<(int Count, int Compressed)> ReadChunksAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Chunks, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt32(0), reader.GetInt32(1));
    }

    private static async Task<List<string>> ReadPoliciesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var policies = new List<string>();
        await using var command = new NpgsqlCommand(Policies, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            policies.Add($"Policy {reader.GetString(1)} on {reader.GetString(0)}, every {reader.GetString(2)}: {reader.GetString(3)}");
        return policies;
    }
}
