using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The readings of a DuckDB file, the nodes that they created, and the health of the file.</summary>
/// <remarks>Readings, their nodes and batches are in the DuckDB file; node metadata stays in the database, where users edit it.</remarks>
public sealed class DuckDbReadingStore(
    DuckDbReadingFile file, IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock, CommitSignal commits, IOptions<NodeLimitOptions> nodeLimit, TimeProvider clock)
    : IReadingStore, INodeStore, IStoreHealth, IDisposable
{
    // No index has the order of lists, so each page scans the times of its months: a few large pages scan less often than many small ones.
    private const int LongPage = 50_000;

    // Range of the first search for a node's latest readings, and the factor of each further search.
    private const long FirstLookSeconds = 3600;
    private const int LookFurther = 16;

    internal DuckDbReadingWriter Writer => _writer;

    private readonly DuckDbReadingWriter _writer = new(file, commits, nodeLimit, clock);

    /// <inheritdoc/>
    public int PageLength => LongPage;

    /// <inheritdoc/>
    public Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => batch.IsEmpty ? Task.FromResult(0) : _writer.AppendAsync(batch, outcomes, cancellationToken);

    /// <inheritdoc/>
    public Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken) => _writer.RemoveBeforeAsync(before, cancellationToken);

    /// <inheritdoc/>
    public Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken) => _writer.RemoveBeforeAsync(nodes, cancellationToken);

    /// <inheritdoc/>
    public int BytesPerReading => 16;

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => _writer.CheckAsync(cancellationToken);

    /// <inheritdoc cref="DuckDbReadingWriter.SortOneMonthAsync"/>
    public Task<bool> SortOneMonthAsync(CancellationToken cancellationToken) => _writer.SortOneMonthAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(int address, CancellationToken cancellationToken)
    {
        // Two files, so two transactions. The metadata goes first: a process killed in between leaves a node that can be deleted again. Then again: users may have
        // written metadata in between.
        await DeleteMetadataAsync([address], cancellationToken);
        var removed = await _writer.DeleteNodeAsync(address, cancellationToken);
        await DeleteMetadataAsync([address], cancellationToken);
        return removed;
    }

    /// <inheritdoc/>
    public async Task<NodeCount> DeleteStepAsync(NodeCriteria criteria, CancellationToken cancellationToken)
    {
        // The metadata goes last: only the writer knows which nodes still meet the criteria.
        var removed = await _writer.DeleteNodesAsync(criteria, cancellationToken);
        await DeleteMetadataAsync([.. removed.Select(n => n.Address)], CancellationToken.None);
        return new(removed.Count, removed.Sum(n => n.TotalReadings));
    }

    /// <inheritdoc/>
    public Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken)
        => file.ReadAsync(connection => ReadPage(connection, query, page.Span, cancellationToken), cancellationToken);

    private static int ReadPage(DuckDbConnection connection, ReadingQuery query, Span<Reading> page, CancellationToken cancellationToken)
    {
        var newestFirst = query.Order == ReadingOrder.NewestFirst;
        var (start, end) = (query.Filter.Range.Start ?? 0, query.Filter.Range.End ?? long.MaxValue);
        if (query.After is { } after)
            (start, end) = newestFirst ? (start, Math.Min(end, after.Timestamp)) : (Math.Max(start, after.Timestamp), end);
        var where = Invariant($"\"timestamp\" BETWEEN {start} AND {end}");
        var passed = newestFirst ? "<=" : ">=";
        if (query.Filter.NodeAddress is { } node)
            where += Invariant($" AND node_address = {node} AND \"timestamp\" <> {query.After?.Timestamp ?? -1}");
        else if (query.After is { } place)
            where += Invariant($" AND NOT (\"timestamp\" = {place.Timestamp} AND node_address {passed} {place.NodeAddress})");

        var months = DuckDbMonths.List(connection, start, end, cancellationToken);
        if (newestFirst) months.Reverse();
        var (count, offset) = (0, (long)query.Offset);
        foreach (var month in months)
        {
            if (count == page.Length) break;
            if (offset > 0)
            {
                var there = connection.Scalar<long>($"SELECT count(*) FROM {month.Table} WHERE {where}", cancellationToken);
                if (there <= offset)
                {
                    offset -= there;
                    continue;
                }
            }
            count += Fill(connection, Invariant($"SELECT * FROM {month.Table} WHERE {where} {Order(newestFirst)} LIMIT {page.Length - count} OFFSET {offset}"),
                Order(newestFirst), page[count..], cancellationToken);
            offset = 0;
        }
        return count;
    }

    /// <inheritdoc/>
    public Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                var node = filter.NodeAddress is { } address ? Invariant($" AND node_address = {address}") : "";
                // Counters always equal a recount, so an open range need not be counted row by row.
                if (filter.Range == TimeRange.All)
                {
                    return connection.Scalar<long>("SELECT coalesce(sum(total_readings), 0)::BIGINT FROM nodes WHERE true"
                        + node.Replace("node_address", "address", StringComparison.Ordinal), cancellationToken);
                }
                var (start, end) = (filter.Range.Start ?? 0, filter.Range.End ?? long.MaxValue);
                var months = DuckDbMonths.List(connection, start, end, cancellationToken);
                var counts = DuckDbMonths.Union(months, "count(*) AS c", Invariant($"\"timestamp\" BETWEEN {start} AND {end}{node}"));
                return connection.Scalar<long>($"SELECT coalesce(sum(c), 0)::BIGINT FROM ({counts})", cancellationToken);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(
        IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken)
        => file.ReadAsync<IReadOnlyDictionary<int, Reading[]>>(
            connection =>
            {
                var newest = new Dictionary<int, Reading[]>(addresses.Count);
                if (addresses.Count == 0) return newest;
                var open = DuckDbNodes.List(connection, $"WHERE address IN ({List(addresses)})", int.MaxValue, cancellationToken);
                for (var look = FirstLookSeconds; open.Count > 0; look = look > long.MaxValue / LookFurther ? long.MaxValue : look * LookFurther)
                {
                    LookBack(connection, open, look, count, newest, cancellationToken);
                    open.RemoveAll(n => look == long.MaxValue || newest.GetValueOrDefault(n.Address, []).Length >= Math.Min(count, n.TotalReadings));
                }
                return newest;
            },
            cancellationToken);

    // Search each node back from its own latest reading, so that a node without readings for a year does not slow down the others.
    private static void LookBack(
        DuckDbConnection connection, List<Node> nodes, long seconds, int count, Dictionary<int, Reading[]> newest, CancellationToken cancellationToken)
    {
        var start = Math.Max(0, nodes.Min(n => n.LastSeenAt) - seconds);
        var months = DuckDbMonths.List(connection, start, nodes.Max(n => n.LastSeenAt), cancellationToken);
        var addresses = List(nodes.Select(n => n.Address));
        var rows = DuckDbMonths.Union(months, DuckDbMonths.Columns, Invariant($"\"timestamp\" >= {start} AND node_address IN ({addresses})"));
        var page = new Reading[(int)Math.Min(nodes.Count * (long)count, nodes.Sum(n => n.TotalReadings))];
        var found = Fill(connection, Invariant($"""
            SELECT r.* FROM ({rows}) r JOIN nodes n ON n.address = r.node_address WHERE r."timestamp" >= n.last_seen_at - {seconds}
            QUALIFY row_number() OVER (PARTITION BY r.node_address ORDER BY r."timestamp" DESC) <= {count}
            """), "ORDER BY node_address, \"timestamp\" DESC", page, cancellationToken);
        foreach (var node in page.Take(found).GroupBy(r => r.NodeAddress)) newest[node.Key] = [.. node];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListAsync(int after, int limit, CancellationToken cancellationToken)
        => file.ReadAsync<IReadOnlyList<Node>>(connection => DuckDbNodes.List(connection, Invariant($"WHERE address > {after}"), limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> FindAsync(IReadOnlyCollection<int> addresses, CancellationToken cancellationToken)
        => addresses.Count == 0 ? Task.FromResult<IReadOnlyList<Node>>([])
            : file.ReadAsync<IReadOnlyList<Node>>(connection => DuckDbNodes.List(connection, $"WHERE address IN ({List(addresses)})", int.MaxValue, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<NodeCount> CountAsync(NodeCriteria criteria, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                using var rows = connection.Query($"SELECT count(*), coalesce(sum(total_readings), 0)::BIGINT FROM nodes {DuckDbNodes.Where(criteria)}", cancellationToken);
                rows.Read();
                return new NodeCount(rows.Get<long>(0), rows.Get<long>(1));
            },
            cancellationToken);

    /// <summary>Reads rows with their nodes' hardware ids.</summary>
    /// <param name="connection">Connection to the file.</param>
    /// <param name="rows">SQL with the columns of <see cref="DuckDbMonths.Columns"/>.</param>
    /// <param name="order">ORDER BY of the result.</param>
    /// <param name="page">Receives the readings; must be large enough for all rows.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    internal static int Fill(DuckDbConnection connection, string rows, string order, Span<Reading> page, CancellationToken cancellationToken)
    {
        var count = 0;
        using var found = connection.Query($"""
            SELECT {DuckDbMonths.Columns}, device_id FROM ({rows}) LEFT JOIN nodes ON address = node_address {order}
            """, cancellationToken);
        while (found.Read())
        {
            page[count++] = new(found.Get<int>(0), found.Get<long>(1), found.Get<short?>(2), found.Get<short?>(3), found.Get<uint>(4), found.Get<long>(5),
                (ulong?)found.Get<long?>(7));
        }
        return count;
    }

    private async Task DeleteMetadataAsync(int[] addresses, CancellationToken cancellationToken)
    {
        if (addresses.Length == 0) return;
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Set<NodeMetadata>().Where(m => addresses.Contains(m.Address)).ExecuteDeleteAsync(cancellationToken);
    }

    private static string Order(bool newestFirst)
        => newestFirst ? "ORDER BY \"timestamp\" DESC, node_address" : "ORDER BY \"timestamp\", node_address DESC";

    private static string List(IEnumerable<int> addresses) => string.Join(',', addresses.Select(a => Invariant($"{a}")));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    public void Dispose() => _writer.Dispose();
}
