using System.Data;
using System.Globalization;
using System.Numerics;
using System.Text;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Timescale;

/// <summary>Reads one page of events: a cursor per lane, each in the order of its index, merged row by row. Nothing is sorted.</summary>
internal static class TimescaleEventPages
{
    // Maximum rows of the first fetch per lane, while the size of its events is unknown.
    private const int FirstRows = 32;
    private const int MaxRows = 4_096;

    // Bytes of one fetch per lane, estimated from earlier rows.
    private const int FetchBytes = 4 << 20;

    // The connection's default keeps the order of the key's index, which no other index has, and cursors prefer it.
    internal static readonly string[] AllowSort = ["SET LOCAL enable_sort = on", "SET LOCAL cursor_tuple_fraction = 1"];

    /// <param name="hasContentIndex">Lets the server find the events of payload conditions by their index, and sort them.</param>
    public static async Task<EventPage> ReadAsync(NpgsqlConnection connection, EventQuery query, bool hasContentIndex, CancellationToken cancellationToken)
    {
        if (AsksForTheImpossible(query)) return new EventPage([], null);
        // One consistent snapshot of all lanes.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        return await ReadInTransactionAsync(connection, query, hasContentIndex, cancellationToken);
    }

    /// <summary>Reads a page in the snapshot of a transaction. Its cursors stay open until the transaction ends or <c>CLOSE ALL</c>.</summary>
    public static async Task<EventPage> ReadInTransactionAsync(NpgsqlConnection connection, EventQuery query, bool hasContentIndex, CancellationToken cancellationToken)
    {
        if (AsksForTheImpossible(query)) return new EventPage([], null);
        var lanes = query.Filter.Lanes.Distinct().Select(lane => new TimescaleLaneRows(lane, query)).ToList();
        var firstRows = Math.Min(query.EndsAtLimit ? query.Limit : query.Limit + 1, FirstRows);
        await using (var start = new NpgsqlBatch(connection))
        {
            if (hasContentIndex && query.Filter.Payload.Count > 0)
                foreach (var setting in AllowSort) start.BatchCommands.Add(new(setting));
            foreach (var lane in lanes) start.BatchCommands.Add(Declare(lane.Lane, query));
            foreach (var lane in lanes) start.BatchCommands.Add(new(lane.Fetch(firstRows)));
            await using var reader = await start.ExecuteReaderAsync(cancellationToken);
            foreach (var lane in lanes)
            {
                await lane.TakeAsync(reader, cancellationToken);
                await reader.NextResultAsync(cancellationToken);
            }
        }
        var merge = new EventMerge<TimescaleLaneRows>(lanes, query);
        while (merge.ReadUntilBlocked(cancellationToken) is { } used)
        {
            await using var fetch = new NpgsqlCommand(used.Fetch(used.RowsFor(merge.Remaining, lanes.Count)), connection);
            await using var reader = await fetch.ExecuteReaderAsync(cancellationToken);
            await used.TakeAsync(reader, cancellationToken);
        }
        return merge.Page!;
    }

    /// <summary>The cursor of one lane. Strings from requests are parameters; everything else is a constant.</summary>
    internal static NpgsqlBatchCommand Declare(Lane lane, EventQuery query)
    {
        var forward = query.Direction == EventDirection.Forward;
        var table = LaneTable.Of(lane);
        var key = table.KeyBy(query.Timebase);
        var time = LaneTable.TimeBy(query.Timebase);
        var (from, to) = query.RangeOf(lane);
        var command = new NpgsqlBatchCommand();
        var sql = new StringBuilder($"DECLARE {table.Name}_rows NO SCROLL CURSOR FOR SELECT {table.Columns} FROM {table.Name} WHERE {time} >= {AddTime(from)} AND {time} < {AddTime(to)}");
        if (query.After is { } after && after.Lane == lane)
        {
            var place = lane == Lane.Raw
                ? $"{AddTime(after.Time)}, {Add(after.ConnectionId!)}, {Add(after.Sequence)}, {Add(after.Id.ToArray())}" : $"{AddTime(after.Time)}, {Add(after.Id.ToArray())}";
            sql.Append(CultureInfo.InvariantCulture, $" AND ({key}) {(forward ? '>' : '<')} ({place})");
        }
        if (query.CommittedUpTo is { } committed) sql.Append(CultureInfo.InvariantCulture, $" AND canonical_truth_time <= {AddTime(committed)}");
        if (query.SourceFrom is { } source) sql.Append(CultureInfo.InvariantCulture, $" AND source_truth_time >= {AddTime(source)}");
        if (query.Filter.Scopes.Count > 0) sql.Append(CultureInfo.InvariantCulture, $" AND scope_id = ANY ({Add(query.Filter.Scopes.Where(TimescaleDatabase.CanHold).ToArray())})");
        foreach (var (field, value) in query.Filter.Fields) sql.Append(CultureInfo.InvariantCulture, $" AND {table.ColumnOf(field)} = {Add(value)}");
        foreach (var condition in query.Filter.Payload)
        {
            // Only to transfer fewer rows: the conditions are evaluated on the rest as on every other engine. No raw event matches a condition.
            if (lane == Lane.Raw) sql.Append(" AND false");
            else if (condition.Containers().ToArray() is { Length: > 0 } containers) sql.Append(CultureInfo.InvariantCulture, $" AND {table.Content} @> ANY ({Add(containers)}::jsonb[])");
        }
        command.CommandText = sql.Append(" ORDER BY ").Append(forward ? key : key.Replace(",", " DESC,", StringComparison.Ordinal) + " DESC").ToString();
        return command;

        string Add<T>(T value) => command.Parameters.Place(value);

        string AddTime(long time) => command.Parameters.PlaceTime(time);
    }

    // PostgreSQL supports no U+0000 and no unpaired surrogates, not even in comparisons.
    private static bool AsksForTheImpossible(EventQuery query)
        => (query.Filter.Scopes.Count > 0 && !query.Filter.Scopes.Any(TimescaleDatabase.CanHold)) || !query.Filter.Fields.All(f => TimescaleDatabase.CanHold(f.Value))
            || !TimescaleDatabase.CanHold(query.After?.ConnectionId ?? "");

    private sealed class TimescaleLaneRows(Lane lane, EventQuery query) : LaneRows(query)
    {
        private readonly LaneTable _table = LaneTable.Of(lane);
        private readonly CanonicalJson _canonical = new();
        private readonly Queue<LaneEvent> _rows = [];
        private long _count, _bytes;
        private int _asked;
        private bool _isAtEnd;

        public Lane Lane => lane;

        public string Fetch(int rows)
        {
            _asked = rows;
            return FormattableString.Invariant($"FETCH {rows} FROM {_table.Name}_rows");
        }

        /// <summary>Rows to fetch next: what the page may need, limited by memory. A power of two, so that there are few statements.</summary>
        public int RowsFor(int room, int lanes)
        {
            var wanted = lanes == 1 ? room + 1 : Math.Max(2 * room / lanes, FirstRows);
            if (HasResidualFilter) wanted = Math.Max(wanted, 2 * _asked);
            var fitting = (int)Math.Min(FetchBytes * _count / Math.Max(_bytes, 1), MaxRows);
            var rows = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)wanted), fitting);
            return rows < 2 ? 1 : 1 << BitOperations.Log2((uint)rows);
        }

        public async Task TakeAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
        {
            var taken = 0;
            for (; await reader.ReadAsync(cancellationToken); taken++)
            {
                var next = TimescaleLane.Read(_table, reader, _canonical);
                _rows.Enqueue(next);
                _bytes += next.Content.Length;
            }
            _count += taken;
            _isAtEnd = taken < _asked;
        }

        protected override bool TryRead(out LaneEvent? next) => _rows.TryDequeue(out next) || _isAtEnd;
    }
}
