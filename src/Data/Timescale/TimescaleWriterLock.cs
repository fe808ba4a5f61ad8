using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>PostgreSQL locks rows, so an edit of a small table never waits for ingest.</summary>
public sealed class TimescaleWriterLock : IWriterLock, IDisposable
{
    public Task<IDisposable> AcquireAsync(CancellationToken cancellationToken) => Task.FromResult<IDisposable>(this);

    public void Dispose()
    {
    }
}
