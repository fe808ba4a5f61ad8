using Npgsql;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Deletes many nodes in steps. Each transaction acquires the writer lock, so counters and change feed stay exact.</summary>
internal static class TimescaleNodeRemoval
{
    private const string SelectNodes = $"SELECT address, total_readings FROM nodes WHERE {TimescaleNodeStore.MeetsCriteria} ORDER BY address LIMIT $5";

    // Counters always equal a recount.
    private const string InsertRemovals = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, removed_node, rows_hash)
        SELECT last.id + n.number, $3, -n.readings, 'epoch', 'epoch', n.address, n.rows_hash
        FROM unnest($1, $2, $4) WITH ORDINALITY AS n (address, readings, rows_hash, number), (SELECT coalesce(max(id), 0) AS id FROM ingest_batches) AS last
        """;

    private const string SelectStepEnd = "SELECT timestamp FROM sensor_readings WHERE node_address = $1 ORDER BY timestamp LIMIT 1 OFFSET $2";

    private const string SelectPieceEnd = "SELECT timestamp FROM sensor_readings WHERE node_address = $1 AND timestamp >= $2 ORDER BY timestamp LIMIT 1 OFFSET $3";

    private const string UpdateNode = """
        UPDATE nodes SET total_readings = total_readings - $2,
            first_seen_at = coalesce((SELECT min(timestamp) FROM sensor_readings WHERE node_address = $1 AND timestamp >= $3), last_seen_at) WHERE address = $1
        """;

    public static async Task<NodeCount> DeleteStepAsync(
        TimescaleDatabase database, CommitSignal commits, TimeProvider clock, NodeCriteria criteria, CancellationToken cancellationToken)
    {
        var removed = await TimescaleRemoval.RunAsync(database, async (connection, token) =>
        {
            var nodes = await ChooseAsync(connection, criteria, token);
            return nodes switch
            {
                [] => NodeCount.None,
                [(var address, > NodeCriteria.ReadingsPerStep)] => await RemoveOldestAsync(connection, clock, address, token),
                _ => await DeleteAsync(connection, clock, nodes, token),
            };
        }, cancellationToken);
        if (removed != NodeCount.None) commits.Publish();
        return removed;
    }

    private static async Task<List<(int Address, long Readings)>> ChooseAsync(NpgsqlConnection connection, NodeCriteria criteria, CancellationToken cancellationToken)
    {
        await using var select = new NpgsqlCommand(SelectNodes, connection);
        select.Parameters.AddRange(TimescaleNodeStore.ParametersOf(criteria));
        select.Parameters.Add(new NpgsqlParameter<int> { TypedValue = NodeCriteria.NodesPerStep });
        await using var reader = await select.ExecuteReaderAsync(cancellationToken);
        var (chosen, all) = (new List<(int, long)>(), 0L);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (address, readings) = (reader.GetInt32(0), reader.GetInt64(1));
            if (chosen.Count > 0 && all + readings > NodeCriteria.ReadingsPerStep) break;
            chosen.Add((address, readings));
            all += readings;
        }
        return chosen;
    }

    private static async Task<NodeCount> DeleteAsync(
        NpgsqlConnection connection, TimeProvider clock, List<(int Address, long Readings)> nodes, CancellationToken cancellationToken)
    {
        var addresses = nodes.ConvertAll(n => n.Address).ToArray();
        var removed = await TimescaleRemoval.DeleteReadingsAsync(
            connection, "node_address = ANY ($1)", cancellationToken, new NpgsqlParameter<int[]> { TypedValue = addresses });
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        foreach (var (table, column) in ((string, string)[])[("nodes", "address"), ("node_metadata", "address")])
            batch.BatchCommands.Add(new($"DELETE FROM {table} WHERE {column} = ANY ($1)") { Parameters = { new NpgsqlParameter<int[]> { TypedValue = addresses } } });
        batch.BatchCommands.Add(new(InsertRemovals)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = addresses },
                new NpgsqlParameter<long[]> { TypedValue = [.. nodes.Select(n => n.Readings)] },
                PgTime.Microseconds(clock.NowMicroseconds()),
                new NpgsqlParameter<long[]> { TypedValue = [.. addresses.Select(node => unchecked(-removed.HashOf(node)))] },
            },
        });
        batch.BatchCommands.Add(new(TimescaleReadingWriter.Notify));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return new(nodes.Count, nodes.Sum(n => n.Readings));
    }

    private static async Task<NodeCount> RemoveOldestAsync(NpgsqlConnection connection, TimeProvider clock, int address, CancellationToken cancellationToken)
    {
        long before;
        await using (var find = CommandOf(connection, SelectStepEnd, address, new NpgsqlParameter<long> { TypedValue = NodeCriteria.ReadingsPerStep }))
        await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            before = reader.GetSeconds(0);
        }
        return new(0, await RemoveOldestAsync(connection, clock, address, before, cancellationToken));
    }

    // A few statements for each.
    private const int NodesPerRemoval = 20;

    /// <summary>Deletes readings of the first of some nodes before a time of each. In a transaction with the writer lock.</summary>
    internal static async Task<(long Readings, int Nodes)> RemoveBeforeAsync(
        NpgsqlConnection connection, TimeProvider clock, IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken)
    {
        var removed = 0L;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (i == NodesPerRemoval || removed >= NodeCriteria.ReadingsPerStep) return (removed, i);
            var (node, before) = (nodes[i].Node, nodes[i].Before ?? long.MaxValue);
            var (first, end) = (await FindFirstAsync(connection, node, cancellationToken), before);
            if (first is null || first >= before) continue;
            await using (var find = CommandOf(connection, SelectPieceEnd, node, PgTime.Seconds(first.Value), new NpgsqlParameter<long> { TypedValue = NodeCriteria.ReadingsPerStep - removed }))
            await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
                if (await reader.ReadAsync(cancellationToken)) end = Math.Min(before, reader.GetSeconds(0));
            removed += await RemoveOldestAsync(connection, clock, node, end, cancellationToken);
            if (end < before) return (removed, i);
        }
        return (removed, nodes.Count);
    }

    // The first time of a node with readings: earlier chunks need not be looked at.
    private static async Task<long?> FindFirstAsync(NpgsqlConnection connection, int address, CancellationToken cancellationToken)
    {
        await using var find = CommandOf(connection, "SELECT first_seen_at FROM nodes WHERE address = $1 AND total_readings > 0", address);
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? reader.GetSeconds(0) : null;
    }

    /// <summary>Deletes the readings of a node before a time; the node stays. In a transaction with the writer lock.</summary>
    internal static async Task<long> RemoveOldestAsync(NpgsqlConnection connection, TimeProvider clock, int address, long before, CancellationToken cancellationToken)
    {
        var first = await FindFirstAsync(connection, address, cancellationToken) ?? before;
        var removed = await TimescaleRemoval.DeleteReadingsAsync(connection, "node_address = $1 AND timestamp >= $2 AND timestamp < $3", cancellationToken,
            new NpgsqlParameter<int> { TypedValue = address }, PgTime.Seconds(first), PgTime.Seconds(before));
        await using (var update = CommandOf(connection, UpdateNode, address, new NpgsqlParameter<long> { TypedValue = removed.Rows }, PgTime.Seconds(before))) await update.ExecuteNonQueryAsync(cancellationToken);
        await TimescaleRemoval.InsertRemovalBatchAsync(connection, clock, removed, address, before, cancellationToken);
        return removed.Rows;
    }

    private static NpgsqlCommand CommandOf(NpgsqlConnection connection, string sql, int address, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0, Parameters = { new NpgsqlParameter<int> { TypedValue = address } } };
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }
}
