using Microsoft.AspNetCore.Connections;

namespace SensorDash.Web.Requests;

/// <summary>The body as it arrives. A sender that resets the connection ends its request.</summary>
/// <remarks>Whoever reads may take the exception for an invalid body. Kestrel then reads the rest of the body, and logs an error because its reader has failed.</remarks>
internal sealed class ReceivedBody(HttpContext context, Stream body) : BodyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (ConnectionResetException)
        {
            context.Abort();
            throw;
        }
    }
}
