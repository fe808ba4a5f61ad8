using System.Data.Common;

namespace SensorDash.Data.Storage;

/// <summary>Takes the file for this process.</summary>
public sealed class SqliteStart(SqliteDatabase database, SqliteVersion version, TimeProvider clock) : IStoreStart, IDisposable
{
    private SqliteFileLock? _lock;

    /// <inheritdoc/>
    public string Name => database.Path;

    /// <inheritdoc/>
    public Task ClaimAsync(CancellationToken cancellationToken)
    {
        if (version.Problem is { } problem) throw new StoreStartException(problem);
        try
        {
            _lock = SqliteFileLock.Acquire(database.Path, clock);
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new StoreStartException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public Task FollowSettingsAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public string? Explain(Exception error)
        => error is DbException || SqliteDatabase.IsUnavailable(error) ? $"the database {Name} cannot be used: {error.Message}" : null;

    public void Dispose() => _lock?.Dispose();
}
