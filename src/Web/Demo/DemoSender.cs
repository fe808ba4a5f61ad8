using SensorDash.Data.Ingest;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Demo;

/// <summary>Goes on with the demo data while its nodes are in the store: a reading per node and minute, about two events a second.</summary>
/// <remarks>Demo nodes that somebody deletes are sent no more, and none of them ends it. A gap while the program is not running stays a gap.</remarks>
internal sealed class DemoSender(
    WriteBuffer<Reading> buffer, INodeStore store, DemoEvents events, TimeProvider clock, ILogger<DemoSender> logger) : BackgroundService
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    // Held while rows are on their way, so that removal can wait for them.
    private readonly SemaphoreSlim _sending = new(1);
    private readonly SemaphoreSlim _started = new(0);
    private long _sentUntil;
    private volatile bool _isOn;

    /// <summary>Sends what follows <paramref name="time"/> (Unix seconds), from now on.</summary>
    public void GoOnAfter(long time)
    {
        if (_isOn) return;
        _sentUntil = time;
        _isOn = true; // After the time: the loop reads both.
        _started.Release();
    }

    /// <summary>Sends nothing more; nothing is on its way when it completes.</summary>
    public async Task StopSendingAsync(CancellationToken cancellationToken)
    {
        _isOn = false;
        await _sending.WaitAsync(cancellationToken);
        _sending.Release();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The program was started again on a store with demo data.
        if (await TryAsync(async () => (await DemoNodes.FindAsync(store, stoppingToken)).Count > 0, stoppingToken)) GoOnAfter(clock.GetUtcNow().ToUnixTimeSeconds());
        while (true)
        {
            await _started.WaitAsync(stoppingToken);
            using var timer = new PeriodicTimer(_pause, clock);
            while (_isOn && await timer.WaitForNextTickAsync(stoppingToken))
                await TryAsync(() => SendAsync(clock.GetUtcNow().ToUnixTimeSeconds(), stoppingToken), stoppingToken);
        }
    }

    /// <summary>Sends what is due up to <paramref name="now"/> (Unix seconds) and completes when it is durable.</summary>
    /// <returns>False when no demo node is left.</returns>
    internal async Task<bool> SendAsync(long now, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (!_isOn) return false;
            var nodes = await DemoNodes.FindAsync(store, cancellationToken);
            if (nodes.Count == 0) return _isOn = false;
            // After a sleep of the machine not all of the night at once: it was a gap.
            var after = Math.Max(_sentUntil, now - DemoNodes.IntervalSeconds);
            if (now <= after) return true;
            Reading[] readings = [.. nodes.SelectMany(node => DemoNodes.Since(node, after, now))];
            if (readings.Length > 0)
            {
                var submission = new Submission<Reading>(readings, isWaitedFor: true);
                await buffer.AddAsync(submission, _timeout, cancellationToken);
                await submission.Done.WaitAsync(_timeout, clock, cancellationToken);
            }
            await events.SendAsync(after, now, cancellationToken);
            _sentUntil = now;
            return true;
        }
        finally
        {
            _sending.Release();
        }
    }

    // No fault of the demo ends it, or the program with it: the rows of the last minute are sent again.
    private async Task<bool> TryAsync(Func<Task<bool>> action, CancellationToken stoppingToken)
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            DemoLog.SendingFailed(logger, e.Message);
            return true;
        }
    }
}

internal static partial class DemoLog
{
    [LoggerMessage(125, LogLevel.Information, "Demo data was not stored, and is sent again: {Reason}")]
    public static partial void SendingFailed(ILogger logger, string reason);
}
