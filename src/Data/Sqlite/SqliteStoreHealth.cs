using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IStoreHealth"/>
public sealed class SqliteStoreHealth(SqliteDatabase database) : IStoreHealth
{
    /// <inheritdoc/>
    /// <remarks>SQLite writes into a deleted file without an error, and a check of all pages takes minutes, so damage that a query finds is remembered.</remarks>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(database.Path)) throw new StoreDamagedException("The database file was deleted.");
        if (database.Damage is { } damage) throw new StoreDamagedException(damage);
        // Any value: nothing uses this number, and setting it writes a page.
        await database.Writer.TransactAsync(writer => writer.Run("PRAGMA user_version = 1"), cancellationToken);
    }
}
