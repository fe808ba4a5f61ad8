using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>DuckDB stores of readings in a transfer. Names, notes and zones of their nodes are in the database beside them.</summary>
public static class DuckDbTransfer
{
    private const string Kind = "SensorDash readings (DuckDB)";

    /// <summary>Opens a store, or a file of the former hub, read-only.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read, or another process has it open.</exception>
    public static ITransferSource OpenSource(string path, int? memoryLimitMiB, int? threads, TimeProvider clock)
    {
        if (!File.Exists(path)) throw new TransferException($"{path} does not exist.");
        if (DuckDbHubSource.TryOpen(path, new DuckDbOptions(memoryLimitMiB, threads), clock) is { } hub) return hub;
        var file = Open(path, memoryLimitMiB, threads, isReadOnly: true, clock);
        var parts = Parts(file, clock, out var store);
        return new StoreSource(parts, store, file);
    }

    /// <summary>Opens or creates a store as the target.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be opened, or another process has it open.</exception>
    public static ITransferTarget OpenTarget(string path, int? memoryLimitMiB, int? threads, TimeProvider clock)
    {
        var file = Open(path, memoryLimitMiB, threads, isReadOnly: false, clock);
        var parts = Parts(file, clock, out var store);
        return new DuckDbTransferTarget(parts, file, store, clock, store, file);
    }

    /// <summary>A store of this process as the target.</summary>
    /// <param name="file">The file.</param>
    /// <param name="store">The store that writes it: a file has one writer.</param>
    /// <param name="clock">For batches.</param>
    public static ITransferTarget OpenTarget(DuckDbReadingFile file, DuckDbReadingStore store, TimeProvider clock) => new DuckDbTransferTarget(Parts(file, store), file, store, clock);

    internal static DuckDbReadingFile Open(string path, int? memoryLimitMiB, int? threads, bool isReadOnly, TimeProvider clock)
    {
        var options = new ReadingsOptions { DuckDb = { Path = path, MemoryLimitMiB = memoryLimitMiB, Threads = threads, IsReadOnly = isReadOnly } };
        var file = new DuckDbReadingFile(Options.Create(options), clock, NullLogger<DuckDbReadingFile>.Instance);
        try
        {
            file.Open(CancellationToken.None);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static StoreParts Parts(DuckDbReadingFile file, TimeProvider clock, out DuckDbReadingStore store)
    {
        store = new DuckDbReadingStore(file, new NoMetadata(), new NoMetadata(), new(), Options.Create(new NodeLimitOptions { MaxNodes = int.MaxValue }), clock);
        return Parts(file, store);
    }

    private static StoreParts Parts(DuckDbReadingFile file, DuckDbReadingStore store)
        => new(Kind, file.Path, store, store, null, null, token => file.ReadAsync(
            connection => new TransferContents(
                connection.Scalar<long>("SELECT coalesce(sum(row_count), 0)::BIGINT FROM ingest_batches", token), null, new FileInfo(file.Path).Length)
            {
                Notes = ["a DuckDB store has no names, notes and zones of nodes: they are in the database beside it"],
            },
            token))
        {
            Ranges = new DuckDbRangeReader(file),
            Changes = new DuckDbReadingChangeFeed(file),
            Roles = new DuckDbRoles(file),
            Log = new DuckDbBatchLog(store, file),
            LedgerTables = "SELECT count(*)::BIGINT FROM duckdb_tables() WHERE table_name = 'transfers'",
            Query = (sql, token) => file.ReadAsync(connection => Query(connection, sql, token), token),
        };

    // A record is a text, and all else are numbers.
    internal static IReadOnlyList<object?[]> Query(DuckDbConnection connection, string sql, CancellationToken cancellationToken)
    {
        var rows = new List<object?[]>();
        var (isRecord, isCount) = (sql.StartsWith("SELECT record", StringComparison.Ordinal), sql.StartsWith("SELECT count", StringComparison.Ordinal));
        using var found = connection.Query(sql, cancellationToken);
        while (found.Read()) rows.Add(isRecord ? [found.Get<string>(0)] : isCount ? [found.Get<long>(0)] : [found.Get<long>(0), found.Get<long>(1), found.Get<long>(2)]);
        return rows;
    }

    // A transfer deletes no node.
    private sealed class NoMetadata : IDbContextFactory<SensorDashContext>, IWriterLock
    {
        public SensorDashContext CreateDbContext() => throw new NotSupportedException();

        public Task<IDisposable> AcquireAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

/// <summary>A DuckDB store that takes the readings of a transfer.</summary>
internal sealed class DuckDbTransferTarget(StoreParts parts, DuckDbReadingFile file, DuckDbReadingStore store, TimeProvider clock, params IReadOnlyList<IDisposable> owned)
    : StoreSource(parts, owned), ITransferTarget
{
    private readonly NodeChanges _changes = new();
    private HashSet<int>? _nodes;

    public bool Holds(TransferPart part) => part == TransferPart.Readings;

    public IEventRemoval? Removal => null;

    public Task<IReadOnlyList<object?[]>> RunLedgerAsync(string sql, CancellationToken cancellationToken) => file.ReadAsync<IReadOnlyList<object?[]>>(
        connection =>
        {
            if (sql.StartsWith("SELECT", StringComparison.Ordinal)) return DuckDbTransfer.Query(connection, sql, cancellationToken);
            connection.Execute(sql, cancellationToken);
            return [];
        },
        cancellationToken);

    public Task RenewEpochAsync(string epoch, CancellationToken cancellationToken)
        => file.ReadAsync(connection => connection.Execute($"UPDATE store_state SET epoch = '{epoch}'", cancellationToken), cancellationToken);

    public async Task WriteAsync(ReadOnlyMemory<Reading> readings, string ledger, CancellationToken cancellationToken)
    {
        try
        {
            await store.Writer.TransferAsync(
                connection =>
                {
                    if (readings.Length > 0) Add(connection, readings, cancellationToken);
                    return connection.Execute(ledger, cancellationToken);
                },
                cancellationToken);
            foreach (var (address, _) in _changes.All) _nodes!.Add(address);
            _changes.Clear(0);
        }
        catch (StoreRejectedException e)
        {
            throw new TransferException($"{Name} does not take a row: {e.Message}", e);
        }
    }

    private void Add(DuckDbConnection connection, ReadOnlyMemory<Reading> readings, CancellationToken cancellationToken)
    {
        _nodes ??= [.. DuckDbNodes.List(connection, "", int.MaxValue, cancellationToken).Select(n => n.Address)];
        var (now, first, last, hash) = (clock.NowMicroseconds(), long.MaxValue, long.MinValue, 0L);
        _changes.Clear(now / 1_000_000);
        foreach (ref readonly var reading in readings.Span)
        {
            _changes.Count(reading, RowOutcome.Inserted);
            (first, last, hash) = (Math.Min(first, reading.Timestamp), Math.Max(last, reading.Timestamp), unchecked(hash + ReadingHash.Of(reading)));
        }
        var batchId = connection.Scalar<long>("SELECT coalesce(max(id), 0)::BIGINT + 1 FROM ingest_batches", cancellationToken);
        DuckDbNodes.Store(connection, _changes, _nodes.Contains, cancellationToken);
        DuckDbMonths.Append(connection, readings, batchId, cancellationToken);
        connection.Execute(string.Create(CultureInfo.InvariantCulture,
            $"INSERT INTO ingest_batches VALUES ({batchId}, {now}, {readings.Length}, {first}, {last}, NULL, NULL, {hash})"), cancellationToken);
    }

    public Task ApplyAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken)
    {
        _nodes = null;
        return store.Writer.ApplyAsync(changes, ledger, cancellationToken);
    }

    public Task WriteAsync(ReadOnlyMemory<LaneEvent> events, string ledger, CancellationToken cancellationToken) => throw new NotSupportedException("A DuckDB store has no events.");

    public async Task WriteSmallTablesAsync(SmallTables tables, bool isMirror, CancellationToken cancellationToken)
    {
        await store.Writer.TransferAsync(
            connection =>
            {
                var nodes = DuckDbNodes.List(connection, "", int.MaxValue, cancellationToken).ToDictionary(n => n.Address);
                foreach (var node in tables.Nodes)
                {
                    var known = nodes.TryGetValue(node.Address, out var merged) ? Row(merged) : null;
                    merged ??= SmallTableWriter.Empty(node);
                    SmallTableWriter.Merge(merged, node, tables.HasCounters);
                    if (Row(merged) is var row && row != known) connection.Execute($"INSERT OR REPLACE INTO nodes VALUES ({row})", cancellationToken);
                }
                return 0;
            },
            cancellationToken);
        _nodes = null;
        if (isMirror) return;
        // Chunks are in the order of time, and queries of one node want them by node.
        while (await store.SortOneMonthAsync(cancellationToken)) cancellationToken.ThrowIfCancellationRequested();
    }

    private static string Row(Node node) => string.Create(CultureInfo.InvariantCulture, $"""
        {node.Address}, {node.DeviceId?.ToString(CultureInfo.InvariantCulture) ?? "NULL"}, '{node.NodeType.Replace("'", "''", StringComparison.Ordinal)}',
        {node.FirstSeenAt}, {node.LastSeenAt}, {node.TotalReadings}, {node.DuplicatesSeen}, {node.LastReceivedAt}, {node.LastReceivedTimestamp}
        """);

    public Task<bool> IndexAgreesAsync(CancellationToken cancellationToken) => Task.FromResult(true);
}
