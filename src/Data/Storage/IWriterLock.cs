namespace SensorDash.Data.Storage;

/// <summary>The writer lock of this process, for the small tables that EF Core writes.</summary>
/// <remarks>SQLite admits one writer and gives a waiting one no turn: under constant ingest an edit would fail after <c>busy_timeout</c>.</remarks>
public interface IWriterLock
{
    /// <summary>Waits for the lock, in the order of arrival; dispose the result to release it.</summary>
    Task<IDisposable> AcquireAsync(CancellationToken cancellationToken);
}
