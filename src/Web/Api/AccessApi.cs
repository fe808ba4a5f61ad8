using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Tickets for streams.</summary>
internal static class AccessApi
{
    public static void MapAccess(this IEndpointRouteBuilder routes)
        => routes.MapPost("/api/tickets", Issue).WithTags("Access").WithName("IssueTicket").For(Need.Anyone).Produces<TicketResponse>(StatusCodes.Status201Created)
            .WithSummary("A ticket for one stream or socket, for clients that can send neither a header nor a cookie: as the parameter ticket, once, within 30 s");

    private static IResult Issue(HttpContext context, Tickets tickets)
        => tickets.Issue(context.User) is var (text, until)
            ? TypedResults.Created((string?)null, new TicketResponse(text, until / 1_000_000))
            : Problems.Create(StatusCodes.Status429TooManyRequests, "too many tickets wait for use; retry");
}

/// <param name="Ticket">The value of the parameter ticket.</param>
/// <param name="ExpiresAt">Unix seconds.</param>
internal sealed record TicketResponse(string Ticket, long ExpiresAt);
