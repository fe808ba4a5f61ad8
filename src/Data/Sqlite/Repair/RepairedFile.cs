using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>How far a repaired file has what the running store took since the damage.</summary>
/// <param name="Batch">Its last batch of readings.</param>
/// <param name="Position">Its last event.</param>
public readonly record struct RepairCursor(long Batch, long Position);

/// <summary>A file that is to take the place of a damaged one: a backup or what a salvage gave, and all that arrived since. Nobody else uses it.</summary>
/// <remarks>A row that is there already is a duplicate, as at ingest: the first one counts. So adding a store twice changes nothing.</remarks>
public sealed class RepairedFile(SqliteDatabase database, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
{
    private const int RowsAtOnce = 20_000, EventsAtOnce = 5_000, EventBytesAtOnce = 4 << 20;

    // In the order of their references.
    private static readonly string[] _access = ["users", "api_keys", "sessions", "protection_keys"];

    private readonly SqliteReadingWriter _readings = new(database.Writer, new(), new(), Options.Create(new NodeLimitOptions { MaxNodes = int.MaxValue }), clock);
    private readonly SqliteEventWriter _events = new(database.Writer, new(), clock);

    /// <summary>The name of the file until it takes that of the database.</summary>
    public static string PathOf(string database) => database + ".repaired";

    /// <summary>Closes the connections that the driver keeps for a file, which is then complete without its log.</summary>
    public static void Close(string path)
    {
        using var file = new SqliteDatabase(Options.Create(new SqliteOptions { Path = path }));
        using var pooled = new SqliteConnection(file.ConnectionString);
        SqliteConnection.ClearPool(pooled);
    }

    /// <summary>Adds all rows of another file.</summary>
    /// <param name="source">Its rows.</param>
    /// <param name="isGood">Whether an event may be added.</param>
    /// <param name="progress">Receives the rows added so far.</param>
    /// <param name="cancellationToken">Cancels it; do it again then.</param>
    internal async Task AddAsync(StoreSource source, Func<LaneEvent, bool> isGood, Action<long> progress, CancellationToken cancellationToken)
    {
        var rows = 0L;
        for (var range = TransferRange.All; range.From < range.To;)
        {
            var page = await source.ReadReadingsAsync(range, RowsAtOnce, cancellationToken);
            await AddAsync(page.Rows, null, cancellationToken);
            progress(rows += page.Rows.Length);
            range = range with { From = page.End };
        }
        for (var range = TransferRange.All; range.From < range.To;)
        {
            var page = await source.ReadEventsAsync(range, EventsAtOnce, cancellationToken);
            await AddAsync([.. page.Rows.ToArray().Where(isGood)], cancellationToken);
            progress(rows += page.Rows.Length);
            range = range with { From = page.End };
        }
        var tables = await source.ReadSmallTablesAsync(cancellationToken);
        await SmallTableWriter.WriteAsync(contexts, tables, isMirror: true, cancellationToken);
    }

    /// <summary>Adds what a running store has taken after the cursor, and removes what was deleted there, until nothing is left.</summary>
    /// <param name="live">The store that took readings since the damage.</param>
    /// <param name="cursor">Where it goes on.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Where it ended.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<RepairCursor> FollowAsync(StoreParts live, RepairCursor cursor, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changes = await live.Changes.ReadChangesAsync(cursor.Batch, cancellationToken);
            if (changes.UpTo == cursor.Batch) break;
            await AddAsync(changes.Added.ToArray(), changes, cancellationToken);
            cursor = cursor with { Batch = changes.UpTo };
        }
        while (true)
        {
            var step = await live.Events!.ReadStepAsync(new(EventFilter.All, cursor.Position) { Limit = EventsAtOnce, MaxContentBytes = EventBytesAtOnce }, cancellationToken);
            if (step.Position == cursor.Position) return cursor;
            await AddAsync([.. step.Events], cancellationToken);
            cursor = cursor with { Position = step.Position };
        }
    }

    /// <summary>Adds nodes, names, zones, users, keys and the audit log of the store that took readings since the damage, once, and begins a new epoch.</summary>
    /// <param name="live">Its small tables.</param>
    /// <param name="path">Its file; nobody writes to it.</param>
    /// <param name="lost">Tables that could not be taken over from the damaged file at its start.</param>
    /// <param name="cancellationToken">Cancels it; the file is of no use then.</param>
    public async Task CompleteAsync(SmallTables live, string path, IReadOnlyList<string> lost, CancellationToken cancellationToken)
    {
        await using (var context = await contexts.CreateDbContextAsync(cancellationToken))
        {
            await RepairedNames.AddAsync(context, live, cancellationToken);
            await context.SaveChangesAsync(cancellationToken);
        }
        await using var connection = await database.OpenAsync(cancellationToken);
        Execute(connection, "ATTACH DATABASE $path AS live", ("$path", path));
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            foreach (var table in _access)
            {
                // Who lost the right since then must not get it back.
                if (lost.Contains(table) && Count(connection, $"SELECT count(*) FROM live.{table}") == 0) continue;
                Execute(connection, $"DELETE FROM main.{table}");
                Execute(connection, $"INSERT INTO main.{table} SELECT * FROM live.{table}");
            }
            if (!lost.Contains("audit_entries")) Execute(connection, "DELETE FROM main.audit_entries; INSERT INTO main.audit_entries SELECT * FROM live.audit_entries");
            else AppendAudit(connection);
            // The backup may be from before a cut-over.
            Execute(connection, "UPDATE main.store_info SET epoch = $epoch, readings_epoch = NULL, access_version = access_version + 1, role = 'primary', successor = NULL, promoted_at = NULL, "
                + "readings_role = 'primary', readings_successor = NULL, readings_promoted_at = NULL", ("$epoch", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))));
            await transaction.CommitAsync(cancellationToken);
        }
        Execute(connection, "DETACH DATABASE live");
    }

    // After those of the backup, whose numbers they have too.
    private static void AppendAudit(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(name, ', ') FROM pragma_table_info('audit_entries') WHERE pk = 0";
        var columns = (string)command.ExecuteScalar()!;
        Execute(connection, $"INSERT INTO main.audit_entries ({columns}) SELECT {columns} FROM live.audit_entries ORDER BY id");
    }

    private Task<int> AddAsync(ReadOnlyMemory<Reading> rows, ReadingChanges? changes, CancellationToken cancellationToken) => database.Writer.TransactAsync(
        writer =>
        {
            var added = rows.IsEmpty ? 0 : _readings.Append(rows.Span, new RowOutcome[rows.Length], cancellationToken, countsDuplicates: false).Added;
            if (changes is not null) SqliteReadingRemoval.Apply(writer, changes, clock.NowMicroseconds());
            return added;
        },
        cancellationToken);

    private async Task AddAsync(LaneEvent[] events, CancellationToken cancellationToken)
    {
        if (events.Length == 0) return;
        await database.Writer.TransactAsync(
            writer =>
            {
                // If the clock was ahead before the damage: an event never has a time before one that was committed earlier.
                var last = writer.Rows("SELECT coalesce(max(last_canonical_time), 0) FROM event_batches") is [[long time]] ? time : 0;
                foreach (var each in events) last = each.CanonicalTime = Math.Max(each.CanonicalTime, last + 1);
                return _events.Append(events, new RowOutcome[events.Length], keepsTimes: true, cancellationToken).Added;
            },
            cancellationToken);
    }

    private static long Count(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static void Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }
}
