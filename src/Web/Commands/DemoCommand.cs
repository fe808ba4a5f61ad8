using SensorDash.Web.Demo;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands;

/// <summary><c>dotnet run --project src/Web -- demo</c>: starts with demo data, which goes on while the program runs.</summary>
internal static class DemoCommand
{
    public const string Name = "demo";

    /// <summary>Loads the data after startup, unless the database has other nodes.</summary>
    public static void LoadDemoWhenStarted(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
        _ = LoadAsync(app.Services.GetRequiredService<DemoData>(), app.Logger, app.Lifetime.ApplicationStopping));

    private static async Task LoadAsync(DemoData demo, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            if (await demo.TryLoadAsync(cancellationToken)) Log.DemoLoaded(logger);
            else Log.DemoRefused(logger);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.DemoFailed(logger, e);
        }
    }
}
