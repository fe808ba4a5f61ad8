using Npgsql;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Timescale;

/// <summary>Finds the readings of a batch that are stored already, with their values.</summary>
internal static class TimescaleStoredReadings
{
    private const string SelectStored = """
        SELECT r.node_address, r.timestamp, r.temperature_centidegrees, r.humidity_centipercent, r.flags, r.received_at, NULL::bigint FROM unnest($1, $2) AS k (node_address, timestamp)
        JOIN sensor_readings r ON r.node_address = k.node_address AND r.timestamp = k.timestamp
        WHERE r.timestamp BETWEEN $3 AND $4
        """;

    private const long DaySeconds = 86_400;

    /// <summary>The readings that are not stored; under the writer lock nobody adds others.</summary>
    /// <param name="connection">In a transaction with the writer lock.</param>
    /// <param name="batch">Readings with different keys.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="RowsDifferException">Some are stored with other values.</exception>
    public static async Task<Reading[]> ChooseNewAsync(NpgsqlConnection connection, Reading[] batch, CancellationToken cancellationToken)
    {
        var stored = await FindAsync(connection, batch, cancellationToken);
        if (stored.Count == 0) return batch;
        var (added, differing) = (new List<Reading>(batch.Length), new List<DifferingReading>());
        foreach (var reading in batch)
        {
            if (!stored.TryGetValue((reading.NodeAddress, reading.Timestamp), out var there)) added.Add(reading);
            else if (!there.HasValuesOf(reading)) differing.Add(new(reading, there));
        }
        return differing.Count == 0 ? [.. added] : throw new RowsDifferException(differing);
    }

    private static async Task<Dictionary<(int, long), Reading>> FindAsync(NpgsqlConnection connection, Reading[] batch, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlBatch(connection);
        foreach (var range in TimescaleBatchLimit.RangesOf([.. Enumerable.Range(0, batch.Length)], i => batch[i].Timestamp, DaySeconds))
        {
            var command = new NpgsqlBatchCommand(SelectStored);
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. range.Select(i => batch[i].NodeAddress)] });
            command.Parameters.Add(PgTime.Seconds(range.Select(i => batch[i].Timestamp)));
            foreach (var time in (long[])[range.Min(i => batch[i].Timestamp), range.Max(i => batch[i].Timestamp)]) command.Parameters.Add(PgTime.Seconds(time));
            find.BatchCommands.Add(command);
        }
        var stored = new Dictionary<(int, long), Reading>();
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var reading = TimescaleRows.ReadReading(reader);
                stored[(reading.NodeAddress, reading.Timestamp)] = reading;
            }
        }
        while (await reader.NextResultAsync(cancellationToken));
        return stored;
    }
}
