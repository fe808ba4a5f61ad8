using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;

namespace SensorDash.Web.Requests;

/// <summary>The time limit of event queries: a query with few matches reads all events and occupies one of the few readers of a file.</summary>
internal static class EventReadLimit
{
    /// <summary>Name of the policy, for routes and pages.</summary>
    public const string Policy = "event-read";

    public static void AddEventReadLimit(this IServiceCollection services)
    {
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<EventOptions>>((timeouts, events) => timeouts.AddPolicy(Policy, new RequestTimeoutPolicy
        {
            Timeout = events.Value.ReadTimeout,
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
            WriteTimeoutResponse = context => WriteAsync(context, events.Value.ReadTimeout),
        }));
    }

    private static Task WriteAsync(HttpContext context, TimeSpan limit)
    {
        context.RequestAborted = CancellationToken.None; // It is cancelled, and would cancel this response too.
        return Problems.AcceptsHtml(context) ? Task.CompletedTask : Problems.WriteAsync(
            context, StatusCodes.Status504GatewayTimeout, $"the query took longer than {limit:c} (Events:ReadTimeout); narrow the range or the filters");
    }
}
