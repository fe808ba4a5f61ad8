using SensorDash.Web.Requests;
using SensorDash.Web.Streaming;

namespace SensorDash.Web.Api;

/// <summary>All API endpoints.</summary>
internal static class ApiRoutes
{
    public static void MapApi(this IEndpointRouteBuilder app)
    {
        var routes = app.MapGroup("").WithMetadata(DescribedQuery.Instance);
        routes.MapIngest();
        routes.MapInflux();
        routes.MapReadings();
        routes.MapEvents();
        routes.MapEventExport();
        routes.MapLiveEvents();
        routes.MapLiveReadings();
        routes.MapSocket();
        routes.MapNodes();
        routes.MapNodeDeletion();
        routes.MapZones();
        routes.MapExport();
        routes.MapAnalytics();
        routes.MapFleet();
        routes.MapTransfers();
        routes.MapBackups();
        routes.MapDamage();
        routes.MapSystem();
        routes.MapRetention();
        routes.MapScrub();
        routes.MapAudit();
        routes.MapAccess();
    }
}
