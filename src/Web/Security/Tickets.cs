using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Security;

/// <summary>Tickets for one request each, for clients that can send neither a header nor a cookie, such as EventSource of another page. In memory: they live for half a minute.</summary>
internal sealed class Tickets(TimeProvider clock)
{
    /// <summary>Time in which a ticket is to be used.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private const int Bytes = 32, MaxTickets = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (ClaimsPrincipal Owner, long Until)> _tickets = [];

    /// <summary>A new ticket, and until when it is to be used, Unix microseconds; null when too many wait for use.</summary>
    public (string Text, long Until)? Issue(ClaimsPrincipal owner)
    {
        var now = clock.NowMicroseconds();
        var until = now + Lifetime.WholeMicroseconds();
        lock (_lock)
        {
            if (_tickets.Count >= MaxTickets)
            {
                foreach (var old in _tickets.Where(t => t.Value.Until <= now).Select(t => t.Key).ToList()) _tickets.Remove(old);
                if (_tickets.Count >= MaxTickets) return null;
            }
            var ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
            _tickets.Add(ticket, (owner, until));
            return (ticket, until);
        }
    }

    /// <summary>Uses a ticket up.</summary>
    /// <returns>Who got it; null if it does not exist, was used or is too old.</returns>
    public ClaimsPrincipal? Take(string ticket)
    {
        lock (_lock) return _tickets.Remove(ticket, out var found) && found.Until > clock.NowMicroseconds() ? found.Owner : null;
    }
}
