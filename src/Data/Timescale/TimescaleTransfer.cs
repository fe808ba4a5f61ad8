using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Timescale;

/// <summary>PostgreSQL databases in a transfer.</summary>
public static class TimescaleTransfer
{
    private const string Kind = "SensorDash (PostgreSQL)";

    private const string Counts = """
        SELECT (SELECT coalesce(sum(row_count), 0)::bigint FROM ingest_batches), (SELECT coalesce(sum(event_count), 0)::bigint FROM event_batches) - (SELECT removed_events FROM store_info),
            pg_database_size(current_database())
        """;

    /// <summary>Settings for a connection as text, such as <c>Host=db;Port=5432;Database=nova;User=nova</c>; what it does not say is as in <paramref name="defaults"/>.</summary>
    /// <exception cref="TransferException">It has an unknown word or a password.</exception>
    public static TimescaleOptions Parse(string connection, TimescaleOptions defaults)
    {
        var options = new TimescaleOptions
        {
            Host = defaults.Host,
            Port = defaults.Port,
            Database = defaults.Database,
            User = defaults.User,
            PasswordEnv = defaults.PasswordEnv,
            Ssl = defaults.Ssl,
            Pool = new() { MinSize = 0, MaxSize = Math.Max(4, defaults.Pool.MaxSize), CommandTimeout = defaults.Pool.CommandTimeout, ConnectionTimeout = defaults.Pool.ConnectionTimeout },
            Hypertable = defaults.Hypertable,
            ContentIndex = defaults.ContentIndex,
            NodeIndex = defaults.NodeIndex,
        };
        foreach (var part in connection.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, value) = part.Split('=', 2) is [var key, var given] ? (key.Trim().ToLowerInvariant(), given.Trim()) : (part.ToLowerInvariant(), "");
            switch (name)
            {
                case "host" or "server": options.Host = value; break;
                case "port" when int.TryParse(value, out var port) && port is >= 1 and <= 65535: options.Port = port; break;
                case "database": options.Database = value; break;
                case "user" or "username" or "user id": options.User = value; break;
                case "passwordenv": options.PasswordEnv = value; break;
                case "passwordfile": options.Password = ReadPassword(value); break;
                case "ssl" or "sslmode" or "ssl mode" when Enum.TryParse<TimescaleSsl>(value, ignoreCase: true, out var ssl): options.Ssl = ssl; break;
                case "password":
                    throw new TransferException("A connection must not have a password, because other users of this machine can read the arguments of a program. "
                        + $"Set the environment variable {options.PasswordEnv}, or name another with PasswordEnv=NAME or a file with PasswordFile=PATH.");
                // Without the value, which may be a password with a misspelled name.
                default: throw new TransferException($"A connection must have Host, Port, Database, User, PasswordEnv, PasswordFile and Ssl with valid values, such as Host=localhost;Port=5432;Database=nova; '{OutsideText.Shown(name)}' is not one.");
            }
        }
        return options;
    }

    private static string ReadPassword(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TransferException($"The password file {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Opens a database of SensorDash; the server refuses to write for this connection.</summary>
    /// <param name="connection">The connection as text.</param>
    /// <param name="defaults">The settings.</param>
    /// <param name="contexts">Makes a context for its data source.</param>
    /// <param name="clock">For the stores.</param>
    /// <exception cref="TransferException">The text has an unknown word or a password.</exception>
    public static ITransferSource OpenSource(string connection, TimescaleOptions defaults, Func<TimescaleDatabase, IDbContextFactory<SensorDashContext>> contexts, TimeProvider clock)
    {
        var options = Parse(connection, defaults);
        (options.IsReadOnly, options.Pool.MinSize) = (true, 0);
        var database = new TimescaleDatabase(Options.Create(options));
        // A follower is registered in the source, which is all that a transfer writes there.
        var log = new TimescaleDatabase(Options.Create(Parse(connection, defaults)));
        return new StoreSource(Parts(database, contexts(database), clock) with { Log = new TimescaleBatchLog(log, BatchTable.Readings, clock) }, database, log);
    }

    /// <summary>A database of this process as the target; its schema is current.</summary>
    public static ITransferTarget OpenTarget(TimescaleDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
        => new TimescaleTransferTarget(Parts(database, contexts, clock), database, contexts, clock);

    private static StoreParts Parts(TimescaleDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock) => new(
        Kind, database.Name, new TimescaleReadingStore(database, new(), new(), Options.Create(new NodeLimitOptions()), clock), new TimescaleNodeStore(database, new(), clock),
        new TimescaleEventStore(database, new(), clock), contexts, token => database.ReadAsync(
            async (connection, stop) =>
            {
                await using var command = new NpgsqlCommand(Counts, connection);
                await using var reader = await command.ExecuteReaderAsync(stop);
                await reader.ReadAsync(stop);
                return new TransferContents(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
            },
            token))
    {
        Ranges = new TimescaleRangeReader(database),
        Changes = new TimescaleReadingChangeFeed(database, new()),
        Roles = new DatabaseRoles(contexts, new TimescaleWriterLock(), TimescaleRole.Lock),
        Log = new TimescaleBatchLog(database, BatchTable.Readings, clock),
        LedgerTables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'transfers'",
        Query = (sql, token) => QueryAsync(database, sql, token),
    };

    internal static Task<IReadOnlyList<object?[]>> QueryAsync(TimescaleDatabase database, string sql, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<object?[]>>(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(token);
            var rows = new List<object?[]>();
            while (await reader.ReadAsync(token))
            {
                var row = new object[reader.FieldCount];
                reader.GetValues(row);
                rows.Add(row);
            }
            return rows;
        },
        cancellationToken);
}

/// <summary>A PostgreSQL database that takes the rows of a transfer: COPY straight into the tables, which have none of them.</summary>
internal sealed class TimescaleTransferTarget(StoreParts parts, TimescaleDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
    : StoreSource(parts), ITransferTarget
{
    private const string CopyIndex = "COPY event_index (source_truth_time, event_id, lane, first_seen, parts_check) FROM STDIN (FORMAT BINARY)";

    // An id that came with a row must not be given again.
    private static string PassIds(string table)
        => $"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest((SELECT max(id) FROM {table}), nextval(pg_get_serial_sequence('{table}', 'id')))) FROM {table} LIMIT 1";

    private const long DaySeconds = 86_400;

    private readonly NodeChanges _changes = new();
    private readonly EventHash _hash = new();

    public bool Holds(TransferPart part) => true;

    public IEventRemoval? Removal { get; } = new TimescaleEventRemoval(database, isPrimary: false);

    public Task<IReadOnlyList<object?[]>> RunLedgerAsync(string sql, CancellationToken cancellationToken) => TimescaleTransfer.QueryAsync(database, sql, cancellationToken);

    public Task RenewEpochAsync(string epoch, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("UPDATE store_info SET epoch = $1, readings_epoch = NULL", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = epoch } } };
            return await command.ExecuteNonQueryAsync(token);
        },
        cancellationToken);

    public Task WriteAsync(ReadOnlyMemory<Reading> readings, string ledger, CancellationToken cancellationToken)
    {
        TimescaleBatchLimit.Check(readings.Span, reading => reading.Timestamp, DaySeconds);
        return WriteAsync(readings.Length, (connection, token) => AddAsync(connection, readings, token), ledger, cancellationToken);
    }

    public Task WriteAsync(ReadOnlyMemory<LaneEvent> events, string ledger, CancellationToken cancellationToken)
    {
        TimescaleBatchLimit.Check(events.Span, laneEvent => laneEvent.SourceTime, 86_400_000_000);
        TimescaleBatchLimit.Check(events.Span, laneEvent => laneEvent.CanonicalTime, 86_400_000_000);
        return WriteAsync(events.Length, (connection, token) => AddAsync(connection, events, token), ledger, cancellationToken);
    }

    private Task<int> WriteAsync(int rows, Func<NpgsqlConnection, CancellationToken, Task> add, string ledger, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(token);
                if (rows > 0) await add(connection, token);
                await using (var command = new NpgsqlCommand(ledger, connection)) await command.ExecuteNonQueryAsync(token);
                await transaction.CommitAsync(CancellationToken.None);
                return rows;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                throw new TransferException($"{Name} has some of the rows already: another program wrote to it.", e);
            }
        },
        cancellationToken);

    public Task PauseUpkeepAsync(bool isPaused, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await TimescaleLayout.ScheduleCompressionAsync(connection, !isPaused, token);
            return isPaused;
        },
        cancellationToken);

    public Task ApplyAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken)
    {
        Reading[] added = [.. changes.Added];
        TimescaleBatchLimit.Check(added, reading => reading.Timestamp, DaySeconds);
        return TimescaleRemoval.RunAsync(
            database,
            async (connection, token) =>
            {
                if (added.Length > 0 && await TimescaleStoredReadings.ChooseNewAsync(connection, added, token) is { Length: > 0 } rows) await AddAsync(connection, rows, token);
                await TimescaleRemoval.ApplyAsync(connection, clock, changes, token);
                if (ledger is null) return 0;
                await using var command = new NpgsqlCommand(ledger, connection);
                return await command.ExecuteNonQueryAsync(token);
            },
            cancellationToken);
    }

    private async Task AddAsync(NpgsqlConnection connection, ReadOnlyMemory<Reading> readings, CancellationToken cancellationToken)
    {
        long batchId;
        await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new(TimescaleReadingWriter.AcquireWriterLock), new(TimescaleReadingWriter.NextBatchId) } })
        await using (var reader = await start.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            batchId = reader.GetInt64(0);
        }
        await TimescaleReadingWriter.CopyAsync(connection, readings, batchId, cancellationToken);
        _changes.Clear(clock.GetUtcNow().ToUnixTimeSeconds());
        var (first, last, hash) = (long.MaxValue, long.MinValue, 0L);
        foreach (ref readonly var reading in readings.Span)
        {
            _changes.Count(reading, RowOutcome.Inserted);
            (first, last, hash) = (Math.Min(first, reading.Timestamp), Math.Max(last, reading.Timestamp), unchecked(hash + ReadingHash.Of(reading)));
        }
        await using var rest = new NpgsqlBatch(connection) { BatchCommands = { TimescaleReadingWriter.NodeUpsert(_changes) } };
        rest.BatchCommands.Add(BatchRow(TimescaleReadingWriter.InsertBatch, batchId, readings.Length, PgTime.Seconds(first), PgTime.Seconds(last), hash));
        rest.BatchCommands.Add(new NpgsqlBatchCommand(TimescaleReadingWriter.Notify));
        await rest.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlBatchCommand BatchRow(string sql, long id, long rows, NpgsqlParameter first, NpgsqlParameter last, long hash)
    {
        var row = new NpgsqlBatchCommand(sql);
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        row.Parameters.Add(PgTime.Microseconds(clock.NowMicroseconds()));
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rows });
        row.Parameters.Add(first);
        row.Parameters.Add(last);
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = hash });
        return row;
    }

    private async Task AddAsync(NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> events, CancellationToken cancellationToken)
    {
        var (batchId, newest) = (0L, long.MinValue);
        await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new(TimescaleEventWriter.AcquireWriterLock), new(TimescaleEventWriter.LastBatch) } })
        await using (var reader = await start.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken)) (batchId, newest) = (reader.GetInt64(0), reader.GetMicroseconds(1));
        }
        var (first, last) = (events.Span[0].CanonicalTime, events.Span[^1].CanonicalTime);
        if (first <= newest) throw new TransferException($"{Name} has events up to {EventTime.Format(newest)} already, and the transfer goes on at {EventTime.Format(first)}: another program wrote to it.");
        batchId++;
        await using (var copy = await connection.BeginBinaryImportAsync(CopyIndex, cancellationToken))
        {
            for (var i = 0; i < events.Length; i++) await WriteIndexAsync(copy, events.Span[i], cancellationToken);
            await copy.CompleteAsync(cancellationToken);
        }
        var hash = 0L;
        foreach (var lane in Lanes.All) hash = unchecked(hash + await CopyLaneAsync(connection, events, lane, batchId, cancellationToken));
        await using var rest = new NpgsqlBatch(connection);
        AddRequests(rest, events.Span);
        rest.BatchCommands.Add(BatchRow(TimescaleEventWriter.InsertBatch, batchId, events.Length, PgTime.Microseconds(first), PgTime.Microseconds(last), hash));
        await rest.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task WriteIndexAsync(NpgsqlBinaryImporter copy, LaneEvent laneEvent, CancellationToken cancellationToken)
    {
        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(PgTime.OfMicroseconds(laneEvent.SourceTime), PgTime.Type, cancellationToken);
        await copy.WriteAsync(laneEvent.Id.ToArray(), NpgsqlDbType.Bytea, cancellationToken);
        await copy.WriteAsync((short)laneEvent.Lane, NpgsqlDbType.Smallint, cancellationToken);
        await copy.WriteAsync(PgTime.OfMicroseconds(laneEvent.CanonicalTime), PgTime.Type, cancellationToken);
        await copy.WriteAsync(laneEvent.ComputePartsCheck(), NpgsqlDbType.Integer, cancellationToken);
    }

    private async Task<long> CopyLaneAsync(NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> events, Lane lane, long batchId, CancellationToken cancellationToken)
    {
        NpgsqlBinaryImporter? copy = null;
        var hash = 0L;
        try
        {
            for (var i = 0; i < events.Length; i++)
            {
                var laneEvent = events.Span[i];
                if (laneEvent.Lane != lane) continue;
                copy ??= await connection.BeginBinaryImportAsync(TimescaleLane.CopyInto(lane), cancellationToken);
                await TimescaleLane.WriteAsync(copy, laneEvent, laneEvent.Id.ToArray(), laneEvent.CanonicalTime, batchId, cancellationToken);
                hash = unchecked(hash + _hash.Of(laneEvent, laneEvent.CanonicalTime));
            }
            if (copy is not null) await copy.CompleteAsync(cancellationToken);
            return hash;
        }
        finally
        {
            if (copy is not null) await copy.DisposeAsync();
        }
    }

    private static void AddRequests(NpgsqlBatch rest, ReadOnlySpan<LaneEvent> events)
    {
        var requests = new List<CommandEvent>();
        foreach (var laneEvent in events)
            if (laneEvent is CommandEvent { RequestId: not null } command) requests.Add(command);
        if (requests.Count == 0) return;
        var insert = new NpgsqlBatchCommand(TimescaleEventWriter.InsertRequests);
        insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. requests.Select(r => r.ScopeId)] });
        insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. requests.Select(r => r.RequestId!)] });
        insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. requests.Select(r => r.Id.ToArray())] });
        insert.Parameters.Add(PgTime.Microseconds(requests.Select(r => r.CanonicalTime)));
        rest.BatchCommands.Add(insert);
    }

    public async Task WriteSmallTablesAsync(SmallTables tables, bool isMirror, CancellationToken cancellationToken)
    {
        await SmallTableWriter.WriteAsync(contexts, tables, isMirror, cancellationToken);
        foreach (var table in (string[])["zones", .. tables.Access is null ? [] : (string[])["users", "api_keys", "audit_entries"]]) await RunLedgerAsync(PassIds(table), cancellationToken);
    }

    public async Task<bool> IndexAgreesAsync(CancellationToken cancellationToken) => (await RunLedgerAsync(EventRemovalSql.IndexAgrees("'-infinity'"), cancellationToken))[0][0] is true;
}
