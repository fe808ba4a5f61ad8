using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IStoreReporter"/>
public sealed class SqliteStoreReporter(SqliteDatabase database, SqliteVersion loaded) : IStoreReporter
{
    /// <inheritdoc/>
    public async Task<StoreReport> ReadAsync(CancellationToken cancellationToken)
    {
        var version = await database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = "SELECT sqlite_version()";
                return (string)command.ExecuteScalar()!;
            },
            cancellationToken);
        return new("SQLite", null, version, Path.GetFileName(database.Path), FileSize.Of(database.Path, database.Path + "-wal"))
        {
            Pool = database.Pool,
            Notes = loaded.Problem is { } problem ? [problem] : [],
        };
    }

    /// <inheritdoc/>
    public Task<string?> ReadLimitationAsync(CancellationToken cancellationToken) => Task.FromResult(loaded.Problem);
}
