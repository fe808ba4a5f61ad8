using SensorDash.Data.DuckDb.Queries;

namespace SensorDash.Web.Commands;

/// <summary><c>dotnet run --project src/Web -- rebuild</c>: starts, throws the DuckDB file of the side path away and fills it again.</summary>
internal static class RebuildCommand
{
    public const string Name = "rebuild";

    /// <summary>Asked for before the side path opens its file, so that what is wrong with the old one never matters.</summary>
    public static void RebuildAnalytics(this WebApplication app) => app.Services.GetRequiredService<IDuckDbSource>().Rebuild();
}
