using System.Data.Common;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>Acquires the file for this process.</summary>
public sealed class SqliteStartup(SqliteDatabase database, SqliteVersion version, IStoreErrors errors, TimeProvider clock) : IStoreStartup, IDisposable
{
    private SqliteFileLock? _lock;

    /// <inheritdoc/>
    public string Name => database.Path;

    /// <inheritdoc/>
    public Task ClaimAsync(CancellationToken cancellationToken)
    {
        if (version.Problem is { } problem) throw new StoreStartupException(problem);
        try
        {
            _lock = SqliteFileLock.Acquire(database.Path, clock);
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new StoreStartupException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public Task ApplySettingsAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public string? Explain(Exception error)
        => error is DbException || errors.IsUnavailable(error) ? $"the database {Name} cannot be used: {error.Message}" : null;

    public void Dispose() => _lock?.Dispose();
}
