using Npgsql;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="INodeStore"/>
public sealed class TimescaleNodeStore(TimescaleDatabase database, CommitSignal commits, TimeProvider clock) : INodeStore
{
    private const string Select = $"SELECT {NodeColumns.All} FROM nodes";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListAsync(CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Node>>(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(Select + " ORDER BY address", connection);
                return await ReadAsync(command, token);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<Node?> FindAsync(int address, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(Select + " WHERE address = $1", connection);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = address });
                return (await ReadAsync(command, token)).SingleOrDefault();
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(int address, CancellationToken cancellationToken)
        => TimescaleRemoval.DeleteNodeAsync(database, commits, clock, address, cancellationToken);

    private static async Task<List<Node>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var nodes = new List<Node>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) nodes.Add(NodeColumns.Read(reader));
        return nodes;
    }
}
