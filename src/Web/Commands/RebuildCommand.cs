using SensorDash.Data.Access;
using SensorDash.Data.DuckDb.Queries;

namespace SensorDash.Web.Commands;

/// <summary><c>dotnet run --project src/Web -- rebuild</c>: starts, deletes the DuckDB side path and rebuilds it.</summary>
internal static class RebuildCommand
{
    public const string Name = "rebuild";

    /// <summary>Runs before the side path opens its file, so that a corrupt file cannot prevent it.</summary>
    public static void RebuildAnalytics(this WebApplication app)
    {
        app.Services.GetRequiredService<IDuckDbSource>().Rebuild();
        app.Lifetime.ApplicationStarted.Register(() => _ = app.Services.GetRequiredService<AuditLog>().RecordAsync(
            AuditLog.CommandLine, null, AuditAction.SidePathRebuild, null, AuditOutcome.Done, null));
    }
}
