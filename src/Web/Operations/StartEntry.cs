using SensorDash.Data.Access;

namespace SensorDash.Web.Operations;

/// <summary>Tells the audit log that the server has started, and which settings are others than at the start before.</summary>
internal sealed partial class StartEntry(AuditLog audit, IConfiguration configuration, ILogger<StartEntry> logger) : IHostedLifecycleService
{
    /// <summary>After the server listens: what does not start changes nothing.</summary>
    async Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken)
    {
        var settings = SettingsText.Of(configuration);
        if (await FindLastSettingsAsync(cancellationToken) is { } before && SettingsText.Compare(before, settings) is { Count: > 0 } changed)
        {
            await audit.RecordAsync(AuditLog.Program, null, AuditAction.SettingsChange, string.Join(", ", changed.Select(c => c.Name)), AuditOutcome.Done,
                string.Join("; ", changed.Select(c => c.Text)));
        }
        await audit.RecordAsync(AuditLog.Program, null, AuditAction.ProgramStart, $"version {BuildInfo.Version}", AuditOutcome.Done, settings);
    }

    private async Task<string?> FindLastSettingsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await audit.FindLastAsync(AuditAction.ProgramStart, cancellationToken))?.Detail;
        }
        catch (Exception e) when (e is not OperationCanceledException) // Any error: the server runs.
        {
            Log.NotCompared(logger, e);
            return null;
        }
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(92, LogLevel.Warning, "The audit log cannot be read, so changed settings are not noted.")]
        public static partial void NotCompared(ILogger logger, Exception error);
    }
}
