using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IStoreHealth"/>
public sealed class SqliteStoreHealth(SqliteDatabase database) : IStoreHealth
{
    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => database.Writer.TransactAsync(_ => true, cancellationToken);
}
