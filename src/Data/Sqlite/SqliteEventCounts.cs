using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IEventCounts"/>
public sealed class SqliteEventCounts(SqliteDatabase database) : IEventCounts
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<EventCount>> CountAsync(EventCountQuery query, CancellationToken cancellationToken)
    {
        query.ThrowIfUnreasonable();
        return database.ReadLongAsync<IReadOnlyList<EventCount>>(connection => Count(connection, query, cancellationToken), cancellationToken);
    }

    private static List<EventCount> Count(SqliteConnection connection, EventCountQuery query, CancellationToken cancellationToken)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        var counts = new List<EventCount>();
        foreach (var lane in query.Filter.Lanes.Distinct())
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = SqlOf(lane, query);
            Bind(command, query);
            using var rows = command.ExecuteReader();
            while (rows.Read())
                if (rows.GetInt64(1) is > 0 and var count) counts.Add(new(lane, rows.GetInt32(0), count));
        }
        return counts;
    }

    /// <summary>SQL of one lane: an index scan per bucket. Grouping would first put every row into a sorter.</summary>
    internal static string SqlOf(Lane lane, EventCountQuery query)
    {
        var (table, time) = (LaneTable.Of(lane), LaneTable.TimeBy(query.Timebase));
        var index = query.Timebase == Timebase.Source ? $"INDEXED BY ix_{table.Name}_source_order" : "NOT INDEXED";
        var sql = new StringBuilder("WITH RECURSIVE spans (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM spans WHERE i + 1 < $spans) SELECT i, (SELECT count(*)");
        sql.Append(CultureInfo.InvariantCulture, $" FROM {table.Name} {index} WHERE {time} >= max($from, $start + i * $length) AND {time} < min($to, $start + (i + 1) * $length)");
        // The unary plus: as in the pages, no filter may select the index.
        for (var i = 0; i < query.Filter.Scopes.Count; i++) sql.Append(i == 0 ? " AND +scope_id IN (" : ", ").Append("$scope").Append(i);
        if (query.Filter.Scopes.Count > 0) sql.Append(')');
        for (var i = 0; i < query.Filter.Fields.Count; i++)
            sql.Append(" AND +").Append(table.ColumnOf(query.Filter.Fields[i].Key)).Append(" = $field").Append(i);
        return sql.Append(") FROM spans").ToString();
    }

    /// <summary>Binds the parameters of <see cref="SqlOf"/>.</summary>
    internal static void Bind(SqliteCommand command, EventCountQuery query)
    {
        command.Parameters.AddWithValue("$spans", query.SpanCount);
        command.Parameters.AddWithValue("$from", query.From);
        command.Parameters.AddWithValue("$to", query.To);
        command.Parameters.AddWithValue("$start", query.Start);
        command.Parameters.AddWithValue("$length", query.SpanLength);
        for (var i = 0; i < query.Filter.Scopes.Count; i++) command.Parameters.AddWithValue($"$scope{i}", query.Filter.Scopes[i]);
        for (var i = 0; i < query.Filter.Fields.Count; i++) command.Parameters.AddWithValue($"$field{i}", query.Filter.Fields[i].Value);
    }
}
