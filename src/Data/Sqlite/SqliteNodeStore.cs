using Microsoft.Data.Sqlite;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="INodeStore"/>
public sealed class SqliteNodeStore(SqliteDatabase database, CommitSignal commits, TimeProvider clock) : INodeStore
{
    private const string Select = $"SELECT {NodeColumns.All} FROM nodes";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListAsync(CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Node>>(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = Select + " ORDER BY address";
                return Read(command);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<Node?> FindAsync(int address, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = Select + " WHERE address = $address";
                command.Parameters.AddWithValue("$address", address);
                return Read(command).SingleOrDefault();
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(int address, CancellationToken cancellationToken)
    {
        var removed = await database.Writer.TransactAsync(writer => SqliteReadingRemoval.DeleteNode(writer, address, clock.NowMicroseconds()), cancellationToken);
        if (removed) commits.Publish();
        return removed;
    }

    private static List<Node> Read(SqliteCommand command)
    {
        var nodes = new List<Node>();
        using var reader = command.ExecuteReader();
        while (reader.Read()) nodes.Add(NodeColumns.Read(reader));
        return nodes;
    }
}
