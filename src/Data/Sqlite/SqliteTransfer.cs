using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>SQLite files in a transfer.</summary>
public static class SqliteTransfer
{
    private const string Kind = "SensorDash (SQLite)";

    /// <summary>Opens a file of SensorDash or of one of the systems before it, read-only.</summary>
    /// <param name="path">The file.</param>
    /// <param name="contexts">Makes a context for a connection string.</param>
    /// <param name="isQuiet">Whether it must not be in use; a ledger may be read while a transfer runs.</param>
    /// <param name="clock">For times that are too far ahead.</param>
    /// <param name="isFollowed">Whether a former system goes on writing it.</param>
    /// <exception cref="TransferException">It cannot be read, is in use, or is a file of another program.</exception>
    public static ITransferSource OpenSource(string path, Func<string, IDbContextFactory<SensorDashContext>> contexts, bool isQuiet, TimeProvider clock, bool isFollowed = false)
    {
        var file = SqliteSourceFile.Open(path, isQuiet, isFollowed);
        try
        {
            var tables = LegacyTables.Read(file);
            if (!tables.Has("store_info")) return LegacySource.Open(file, tables, clock);
            var database = file.OpenDatabase();
            return new StoreSource(Parts(database, contexts(file.ConnectionString), clock), database, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A store of this process as the target; its schema is current.</summary>
    public static ITransferTarget OpenTarget(SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
        => new SqliteTransferTarget(Parts(database, contexts, clock), database, contexts, clock);

    private static StoreParts Parts(SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock) => new(
        Kind, database.Path, new SqliteReadingStore(database, new(), new(), Options.Create(new NodeLimitOptions()), clock), new SqliteNodeStore(database, new(), clock),
        new SqliteEventStore(database, new(), clock), contexts, token => database.ReadLongAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT (SELECT coalesce(sum(row_count), 0) FROM ingest_batches), (SELECT coalesce(sum(event_count), 0) FROM event_batches) - (SELECT removed_events FROM store_info),
                    page_count * page_size
                FROM pragma_page_count, pragma_page_size
                """;
            using var reader = command.ExecuteReader();
            reader.Read();
            return new TransferContents(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        }, token))
    {
        Ranges = new SqliteRangeReader(database),
        Changes = new SqliteReadingChangeFeed(database, new()),
        Roles = new DatabaseRoles(contexts, database.Writer, null),
        Log = database.IsReadOnly ? null : new SqliteBatchLog(database, BatchTable.Readings, clock),
        LedgerTables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'transfers'",
        Query = (sql, token) => database.ReadAsync<IReadOnlyList<object?[]>>(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = sql;
                using var reader = command.ExecuteReader();
                var rows = new List<object?[]>();
                while (reader.Read())
                {
                    var row = new object[reader.FieldCount];
                    reader.GetValues(row);
                    rows.Add(row);
                }
                return rows;
            },
            token),
    };
}

/// <summary>A SQLite store that takes the rows of a transfer.</summary>
internal sealed class SqliteTransferTarget(StoreParts parts, SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
    : StoreSource(parts), ITransferTarget
{
    private readonly SqliteReadingWriter _readings = new(database.Writer, new(), new(), Options.Create(new NodeLimitOptions { MaxNodes = int.MaxValue }), clock);
    private readonly SqliteEventWriter _events = new(database.Writer, new(), clock);

    public bool Holds(TransferPart part) => true;

    public IEventRemoval? Removal { get; } = new SqliteEventRemoval(database);

    public Task<IReadOnlyList<object?[]>> RunLedgerAsync(string sql, CancellationToken cancellationToken)
        => database.Writer.TransactAsync<IReadOnlyList<object?[]>>(writer => writer.Rows(sql), cancellationToken);

    public Task RenewEpochAsync(string epoch, CancellationToken cancellationToken) => database.Writer.TransactAsync(
        writer =>
        {
            var update = writer.Statement("UPDATE store_info SET epoch = ?, readings_epoch = NULL");
            raw.sqlite3_bind_text(update, 1, epoch);
            return writer.Run(update);
        },
        cancellationToken);

    public Task WriteAsync(ReadOnlyMemory<Reading> readings, string ledger, CancellationToken cancellationToken)
        => WriteAsync(readings.Length, outcomes => _readings.Append(readings.Span, outcomes, cancellationToken).Added, ledger, cancellationToken);

    public Task WriteAsync(ReadOnlyMemory<LaneEvent> events, string ledger, CancellationToken cancellationToken)
        => WriteAsync(events.Length, outcomes => _events.Append(events.Span, outcomes, keepsTimes: true, cancellationToken).Added, ledger, cancellationToken);

    private async Task WriteAsync(int rows, Func<RowOutcome[], int> append, string ledger, CancellationToken cancellationToken)
    {
        try
        {
            await database.Writer.TransactAsync(
                writer =>
                {
                    var added = rows == 0 ? 0 : append(new RowOutcome[rows]);
                    if (added < rows) throw new TransferException($"{Name} has {rows - added} of the rows already: another program wrote to it.");
                    writer.Execute(ledger);
                    return added;
                },
                cancellationToken);
        }
        catch (StoreRejectedException e)
        {
            throw new TransferException($"{Name} does not take a row: {e.Message}", e);
        }
    }

    public Task ApplyAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken) => database.Writer.TransactAsync(
        writer =>
        {
            if (changes.Added.Count > 0) _readings.Apply([.. changes.Added], cancellationToken);
            SqliteReadingRemoval.Apply(writer, changes, clock.NowMicroseconds());
            if (ledger is not null) writer.Execute(ledger);
            return changes.Added.Count;
        },
        cancellationToken);

    public async Task WriteSmallTablesAsync(SmallTables tables, bool isMirror, CancellationToken cancellationToken)
    {
        using var held = await database.Writer.AcquireAsync(cancellationToken);
        await SmallTableWriter.WriteAsync(contexts, tables, isMirror, cancellationToken);
    }

    public Task<bool> IndexAgreesAsync(CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = EventRemovalSql.IndexAgrees("0");
            return (long)command.ExecuteScalar()! == 1;
        },
        cancellationToken);
}
