using Npgsql;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="INodeStore"/>
public sealed class TimescaleNodeStore(TimescaleDatabase database, CommitSignal commits, TimeProvider clock) : INodeStore
{
    /// <summary>The condition of <see cref="NodeCriteria"/>, with <see cref="ParametersOf"/> as the first parameters.</summary>
    internal const string MeetsCriteria = "address BETWEEN $1 AND $2 AND last_seen_at < $3 AND total_readings <= $4";

    private const string Select = $"SELECT {NodeColumns.All} FROM nodes";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListAsync(int after, int limit, CancellationToken cancellationToken)
        => ReadAsync(Select + " WHERE address > $1 ORDER BY address LIMIT $2",
            [new NpgsqlParameter<int> { TypedValue = after }, new NpgsqlParameter<int> { TypedValue = limit }], cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> FindAsync(IReadOnlyCollection<int> addresses, CancellationToken cancellationToken)
        => ReadAsync(Select + " WHERE address = ANY ($1) ORDER BY address", [new NpgsqlParameter<int[]> { TypedValue = [.. addresses] }], cancellationToken);

    /// <inheritdoc/>
    public Task<NodeCount> CountAsync(NodeCriteria criteria, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand($"SELECT count(*), coalesce(sum(total_readings), 0)::bigint FROM nodes WHERE {MeetsCriteria}", connection);
                command.Parameters.AddRange(ParametersOf(criteria));
                await using var reader = await command.ExecuteReaderAsync(token);
                await reader.ReadAsync(token);
                return new NodeCount(reader.GetInt64(0), reader.GetInt64(1));
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(int address, CancellationToken cancellationToken)
        => TimescaleRemoval.DeleteNodeAsync(database, commits, clock, address, cancellationToken);

    /// <inheritdoc/>
    public Task<NodeCount> DeleteStepAsync(NodeCriteria criteria, CancellationToken cancellationToken)
        => TimescaleNodeRemoval.DeleteStepAsync(database, commits, clock, criteria, cancellationToken);

    internal static NpgsqlParameter[] ParametersOf(NodeCriteria criteria) => [
        new NpgsqlParameter<int> { TypedValue = criteria.FirstAddress }, new NpgsqlParameter<int> { TypedValue = criteria.LastAddress },
        PgTime.Seconds(criteria.LastSeenBefore), new NpgsqlParameter<long> { TypedValue = criteria.MaxReadings }];

    private Task<IReadOnlyList<Node>> ReadAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Node>>(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                command.Parameters.AddRange(parameters);
                var nodes = new List<Node>();
                await using var reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token)) nodes.Add(TimescaleRows.ReadNode(reader));
                return nodes;
            },
            cancellationToken);
}
