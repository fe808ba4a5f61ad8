using SensorDash.Data.Access;
using SensorDash.Web.Demo;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands;

/// <summary><c>dotnet run --project src/Web -- demo</c>: starts with demo data, which goes on while the program runs.</summary>
internal static class DemoCommand
{
    public const string Name = "demo";

    /// <summary>Loads the data after startup, unless the database has other nodes.</summary>
    public static void LoadDemoWhenStarted(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
        _ = LoadAsync(app.Services.GetRequiredService<DemoData>(), app.Services.GetRequiredService<AuditLog>(), app.Logger, app.Lifetime.ApplicationStopping));

    private static async Task LoadAsync(DemoData demo, AuditLog audit, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            if (!await demo.TryLoadAsync(cancellationToken))
            {
                Log.DemoRefused(logger);
                return;
            }
            Log.DemoLoaded(logger);
            await audit.RecordAsync(AuditLog.CommandLine, null, AuditAction.DemoLoad, null, AuditOutcome.Done, null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.DemoFailed(logger, e);
        }
    }
}
