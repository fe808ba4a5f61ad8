using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;

namespace SensorDash.Data.Sqlite;

/// <summary>Reads one page of events: a query per lane, each in the order of its index, merged row by row. Nothing is sorted.</summary>
internal static class SqliteEventPages
{
    // The columns that identify a view, the first columns of an index.
    private static readonly EventField[] _ofView = [EventField.SystemId, EventField.ContainerId, EventField.UniqueId, EventField.ViewId];

    public static EventPage Read(SqliteConnection connection, EventQuery query, CancellationToken cancellationToken)
    {
        // One transaction: a consistent snapshot of all lanes.
        using var transaction = connection.BeginTransaction(deferred: true);
        return Read(connection, transaction, query, cancellationToken);
    }

    public static EventPage Read(SqliteConnection connection, SqliteTransaction transaction, EventQuery query, CancellationToken cancellationToken)
    {
        var lanes = new List<SqliteLaneRows>(query.Filter.Lanes.Count);
        try
        {
            foreach (var lane in query.Filter.Lanes.Distinct()) lanes.Add(new SqliteLaneRows(connection, transaction, lane, query));
            var merge = new EventMerge<SqliteLaneRows>(lanes, query);
            merge.ReadUntilBlocked(cancellationToken); // A lane of SQLite can always load its next row.
            return merge.Page!;
        }
        finally
        {
            foreach (var lane in lanes) lane.Dispose();
        }
    }

    /// <summary>SQL of one lane's page. Strings from requests are parameters; everything else is a constant.</summary>
    internal static string SqlOf(Lane lane, EventQuery query)
    {
        var forward = query.Direction == EventDirection.Forward;
        var time = LaneTable.TimeBy(query.Timebase);
        var table = LaneTable.Of(lane);
        var key = table.KeyBy(query.Timebase);
        var sql = new StringBuilder().Append("SELECT ").Append(table.Columns).Append(" FROM ").Append(table.Name).Append(' ');
        var isOfView = lane == Lane.Ui && query.Timebase == Timebase.Canonical && _ofView.All(field => query.Filter.Fields.Any(f => f.Key == field));
        // Explicit index: no statistics of the database may make the planner sort.
        if (isOfView) sql.Append("INDEXED BY ix_ui_events_view_order");
        else sql.Append(query.Timebase == Timebase.Source ? $"INDEXED BY ix_{table.Name}_source_order" : "NOT INDEXED");
        sql.Append(CultureInfo.InvariantCulture, $" WHERE {time} >= $from AND {time} < $to");
        if (query.After?.Lane == lane)
        {
            var place = lane == Lane.Raw ? "$time, $connection, $sequence, $id" : "$time, $id";
            sql.Append(CultureInfo.InvariantCulture, $" AND ({key}) {(forward ? '>' : '<')} ({place})");
        }
        if (query.CommittedUpTo is not null) sql.Append(" AND +canonical_truth_time <= $committed");
        if (query.SourceFrom is not null) sql.Append(" AND +source_truth_time >= $source");
        // The unary plus keeps the planner from treating a filter as a constant of the order, which makes old versions sort.
        for (var i = 0; i < query.Filter.Scopes.Count; i++) sql.Append(i == 0 ? " AND +scope_id IN (" : ", ").Append("$scope").Append(i);
        if (query.Filter.Scopes.Count > 0) sql.Append(')');
        for (var i = 0; i < query.Filter.Fields.Count; i++)
        {
            var field = query.Filter.Fields[i].Key;
            sql.Append(isOfView && _ofView.Contains(field) ? " AND " : " AND +").Append(table.ColumnOf(field)).Append(" = $field").Append(i);
        }
        return sql.Append(" ORDER BY ").Append(forward ? key : key.Replace(",", " DESC,", StringComparison.Ordinal) + " DESC").ToString();
    }

    /// <summary>Binds the parameters of <see cref="SqlOf"/>.</summary>
    internal static void Bind(SqliteCommand command, Lane lane, EventQuery query)
    {
        var (from, to) = query.RangeOf(lane);
        if (query.After is { } after && lane == after.Lane)
        {
            command.Parameters.AddWithValue("$time", after.Time);
            command.Parameters.AddWithValue("$id", after.Id.ToArray());
            if (lane == Lane.Raw)
            {
                command.Parameters.AddWithValue("$connection", after.ConnectionId);
                command.Parameters.AddWithValue("$sequence", after.Sequence);
            }
        }
        command.Parameters.AddWithValue("$from", from);
        command.Parameters.AddWithValue("$to", to);
        if (query.CommittedUpTo is { } committed) command.Parameters.AddWithValue("$committed", committed);
        if (query.SourceFrom is { } source) command.Parameters.AddWithValue("$source", source);
        for (var i = 0; i < query.Filter.Scopes.Count; i++) command.Parameters.AddWithValue($"$scope{i}", query.Filter.Scopes[i]);
        for (var i = 0; i < query.Filter.Fields.Count; i++) command.Parameters.AddWithValue($"$field{i}", query.Filter.Fields[i].Value);
    }

    private sealed class SqliteLaneRows : LaneRows, IDisposable
    {
        private readonly LaneTable _table;
        private readonly SqliteCommand _command;
        private readonly SqliteDataReader _rows;

        public SqliteLaneRows(SqliteConnection connection, SqliteTransaction transaction, Lane lane, EventQuery query)
            : base(query)
        {
            _table = LaneTable.Of(lane);
            _command = connection.CreateCommand();
            _command.Transaction = transaction;
            _command.CommandText = SqlOf(lane, query);
            Bind(_command, lane, query);
            _rows = _command.ExecuteReader();
        }

        protected override bool TryRead(out LaneEvent? next)
        {
            next = _rows.Read() ? _table.Read(_rows) : null;
            return true;
        }

        public void Dispose()
        {
            _rows.Dispose();
            _command.Dispose();
        }
    }
}
