using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace SensorDash.Web.Hosting;

/// <summary>Tells systemd that the server is ready and goes on living, for a unit with <c>Type=notify</c> and <c>WatchdogSec</c>. Without systemd it does nothing.</summary>
/// <remarks>Of the process, not of a host: the framework's own notices would say that the service stops when a cut-over ends the first host.</remarks>
internal sealed class SystemdNotices : IDisposable
{
    private static readonly ServiceState _alive = new("WATCHDOG=1");

    private readonly SystemdNotifier _notifier = new();
    private Timer? _watchdog;

    /// <summary>The server listens.</summary>
    public void Ready()
    {
        if (!_notifier.IsEnabled || _watchdog is not null) return;
        _notifier.Notify(ServiceState.Ready);
        var period = WatchdogPeriod(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID")) ?? Timeout.InfiniteTimeSpan;
        // On the thread pool: a process whose pool is stuck answers nobody, and does not answer systemd either.
        _watchdog = new(_ => _notifier.Notify(_alive), null, period, period);
    }

    /// <summary>Half of the time after which systemd ends a silent service; null without a watchdog for this process.</summary>
    internal static TimeSpan? WatchdogPeriod(string? microseconds, string? processId)
    {
        if (!long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit < 2) return null;
        return processId is { Length: > 0 } && processId != Environment.ProcessId.ToString(CultureInfo.InvariantCulture) ? null : TimeSpan.FromMicroseconds(limit / 2);
    }

    public void Dispose()
    {
        if (_watchdog is null) return;
        _watchdog.Dispose();
        _notifier.Notify(ServiceState.Stopping);
    }
}
