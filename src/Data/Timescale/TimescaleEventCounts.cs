using System.Globalization;
using System.Text;
using Npgsql;
using SensorDash.Data.Events;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IEventCounts"/>
public sealed class TimescaleEventCounts(TimescaleDatabase database) : IEventCounts
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<EventCount>> CountAsync(EventCountQuery query, CancellationToken cancellationToken)
    {
        query.ThrowIfUnreasonable();
        // No string of this engine contains U+0000, so nothing can equal such a string.
        if (query.Filter.Fields.Any(f => f.Value.Contains('\0', StringComparison.Ordinal))) return Task.FromResult<IReadOnlyList<EventCount>>([]);
        return database.ReadAsync<IReadOnlyList<EventCount>>(async (connection, token) => await CountAsync(connection, query, token), cancellationToken);
    }

    private static async Task<List<EventCount>> CountAsync(NpgsqlConnection connection, EventCountQuery query, CancellationToken cancellationToken)
    {
        var counts = new List<EventCount>();
        foreach (var lane in query.Filter.Lanes.Distinct())
        {
            await using var command = CommandOf(connection, lane, query);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
                counts.Add(new(lane, (int)((rows.GetMicroseconds(0) - query.Start) / query.SpanLength), rows.GetInt64(1)));
        }
        return counts;
    }

    // The groups fit in a small hash table, so nothing is sorted; without a filter only the key's index is read.
    private static NpgsqlCommand CommandOf(NpgsqlConnection connection, Lane lane, EventCountQuery query)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var (table, time) = (LaneTable.Of(lane), LaneTable.TimeBy(query.Timebase));
        var sql = new StringBuilder($"SELECT date_bin({Add(TimeSpan.FromMicroseconds(query.SpanLength))}, {time}, {AddTime(query.Start)}) AS span, count(*) FROM {table.Name}");
        sql.Append(CultureInfo.InvariantCulture, $" WHERE {time} >= {AddTime(query.From)} AND {time} < {AddTime(query.To)}");
        if (query.Filter.Scopes.Count > 0)
            sql.Append(CultureInfo.InvariantCulture, $" AND scope_id = ANY ({Add(query.Filter.Scopes.Where(s => !s.Contains('\0', StringComparison.Ordinal)).ToArray())})");
        foreach (var (field, value) in query.Filter.Fields) sql.Append(CultureInfo.InvariantCulture, $" AND {table.ColumnOf(field)} = {Add(value)}");
        command.CommandText = sql.Append(" GROUP BY span").ToString();
        return command;

        string Add<T>(T value) => command.Parameters.Place(value);

        string AddTime(long time) => command.Parameters.PlaceTime(time);
    }
}
