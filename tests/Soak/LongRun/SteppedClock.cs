using System.Globalization;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>The wall clock of a server on which days pass in minutes: Debian's libfaketime adds to it, one step after the other. Timers and timeouts run by the steady clock, which is the true one.</summary>
/// <remarks>Retention counts days, and of events the days since the hub received them: sending old rows would remove none of them. The time that PostgreSQL's driver has to connect ends at a time of day, so in a long run
/// a step is shorter than that.</remarks>
internal sealed class SteppedClock
{
    // Steps that the server does not see yet, if nobody waits for that.
    private const long UnseenMicroseconds = 20 * 60 * 1_000_000L;

    private readonly string _file;
    private readonly TimeSpan _step;
    private readonly SemaphoreSlim? _workers;
    private readonly int _maxWorkers;
    private long _steps;
    private long _steppedAt = TimeProvider.System.GetTimestamp();

    /// <param name="file">Tells libfaketime what to add.</param>
    /// <param name="step">Length of a step.</param>
    /// <param name="interval">Time between two steps.</param>
    /// <param name="maxWorkers">Those that <see cref="InOneStepAsync"/> may let work at once; 0: the clock waits for nobody.</param>
    public SteppedClock(string file, TimeSpan step, TimeSpan interval, int maxWorkers)
    {
        (_file, _step, Interval, _maxWorkers) = (file, step, interval, maxWorkers);
        if (maxWorkers > 0) _workers = new(maxWorkers);
        Write();
    }

    public TimeSpan Interval { get; }

    /// <summary>Environment of the server.</summary>
    public (string Name, string Value)[] Environment => SetBackClock.Following(_file);

    /// <summary>The server's time, Unix microseconds.</summary>
    public long Now => StoredTime.Microseconds(TimeProvider.System.GetUtcNow().UtcDateTime) + Interlocked.Read(ref _steps) * StepMicroseconds;

    private long StepMicroseconds => _step.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A time of measurement: as fast as the days pass, but without steps, and never ahead of the server's clock.</summary>
    public long SteadyNow
    {
        get
        {
            var share = TimeProvider.System.GetElapsedTime(Interlocked.Read(ref _steppedAt)) / Interval;
            return Now - (long)((2 - Math.Min(share, 1)) * StepMicroseconds) - (_workers is null ? UnseenMicroseconds : 0);
        }
    }

    /// <summary>Lets no step pass while the caller works, where a busy machine could otherwise make it late by a day.</summary>
    public async Task<IDisposable?> InOneStepAsync()
    {
        if (_workers is null) return null;
        await _workers.WaitAsync();
        return new Release(_workers);
    }

    /// <summary>Steps until it is told to stop.</summary>
    public async Task RunAsync(HttpClient server, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Interval, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            for (var i = 0; i < _maxWorkers; i++) await _workers!.WaitAsync(CancellationToken.None);
            Interlocked.Increment(ref _steps);
            Interlocked.Exchange(ref _steppedAt, TimeProvider.System.GetTimestamp());
            Write();
            if (_maxWorkers == 0) continue;
            await WaitFor.TrueAsync("the server sees the step", async () => await ServerTimeAsync(server) >= (Now / 1_000_000) - (StepMicroseconds / 2_000_000));
            _workers!.Release(_maxWorkers);
        }
    }

    private static async Task<long> ServerTimeAsync(HttpClient server)
    {
        using var answer = JsonDocument.Parse(await server.GetStringAsync(new Uri("/api/system/time", UriKind.Relative)));
        return answer.RootElement.GetProperty("timestamp").GetInt64();
    }

    // At once: a reader of half a file would have the true time.
    private void Write()
    {
        File.WriteAllText(_file + ".new", string.Create(CultureInfo.InvariantCulture, $"+{Interlocked.Read(ref _steps) * (long)_step.TotalSeconds}s\n"));
        File.Move(_file + ".new", _file, overwrite: true);
    }

    private sealed class Release(SemaphoreSlim workers) : IDisposable
    {
        public void Dispose() => workers.Release();
    }
}
