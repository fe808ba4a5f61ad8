using Microsoft.Extensions.Options;

namespace SensorDash.Data.Analytics;

/// <summary>Admits queries to DuckDB: a few run, a bounded number wait, others are refused.</summary>
/// <remarks>
/// DuckDB runs one query on all its threads and blocks the calling thread, so more queries at once end no earlier: they only share its memory limit and
/// occupy the threads that other requests need. Waiting queries occupy no thread.
/// </remarks>
public sealed class AnalyticsLimit(IOptions<AnalyticsOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _running = new(options.Value.MaxQueries);
    private readonly int _places = options.Value.MaxQueries + options.Value.MaxWaitingQueries;
    private int _taken;

    /// <summary>Queries that run.</summary>
    public int Running => options.Value.MaxQueries - _running.CurrentCount;

    /// <summary>Queries that have a place and do not run.</summary>
    public int Waiting => Math.Max(0, Volatile.Read(ref _taken) - Running);

    /// <summary>Takes a place. An export keeps its place while its reader is slow, and runs only while DuckDB works for it.</summary>
    /// <exception cref="TooManyQueriesException">All places are taken.</exception>
    internal Place Enter()
    {
        if (Interlocked.Increment(ref _taken) <= _places) return new(this);
        Interlocked.Decrement(ref _taken);
        throw new TooManyQueriesException();
    }

    public void Dispose() => _running.Dispose();

    /// <summary>A place in the queue.</summary>
    internal sealed class Place(AnalyticsLimit limit) : IDisposable
    {
        /// <summary>Waits, without a thread, until the query may run.</summary>
        /// <returns>Dispose it when DuckDB has done its work.</returns>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public async Task<Run> RunAsync(CancellationToken cancellationToken)
        {
            await limit._running.WaitAsync(cancellationToken);
            return new(limit);
        }

        public void Dispose() => Interlocked.Decrement(ref limit._taken);
    }

    /// <summary>The permission to run.</summary>
    internal readonly struct Run(AnalyticsLimit limit) : IDisposable
    {
        public void Dispose() => limit._running.Release();
    }
}
