using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Streaming;

namespace SensorDash.Web.Security;

/// <summary>Finds out who is at the other end of a socket: by the request that opened it, or by its first message, because browsers cannot add a header to it.</summary>
internal sealed class SocketSignIn(AccessDirectory directory, Exposure exposure, StreamLimit streams, TimeProvider clock)
{
    /// <summary>Time in which a client has to say who it is.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public SocketClient Of(HttpContext context, StreamLimit.StreamAdmission admission) => new(context, this, admission, clock, OpenRequests.EndOf(context));

    /// <summary>Checks the key of a message.</summary>
    /// <returns>Why it is refused; null if the request belongs to that key from now on.</returns>
    internal string? TryIdentify(HttpContext context, StreamLimit.StreamAdmission admission, string? token)
    {
        if (token is not null && directory.Current is { } state && AccessHandler.FindKey(state, token) is { } key)
        {
            if (!key.IsValid(clock.NowMicroseconds())) return key.RevokedAt is not null ? "the key is revoked" : "the key has expired";
            // Else what one key began would go on when it is revoked.
            if (context.User is { Identity.Name: { } name } user && user.May(Need.Anyone) && name != Rights.ThisMachine && user.FindFirst(Rights.KeyClaim)?.Value != key.Prefix)
                return $"this socket belongs to {name}; open another one";
            if (!admission.TryBecomeKnown()) return streams.Error;
            directory.NoteUse(key);
            context.User = Rights.Of(key);
            return null;
        }
        // Who needs no key is known already; some clients send one in any case.
        if (token is null || exposure.IsOpen(context)) return context.User.May(Need.Anyone) ? null : "token is required: an API key";
        return "the key is unknown";
    }
}

/// <summary>The client of one socket.</summary>
internal sealed class SocketClient
{
    private readonly HttpContext _context;
    private readonly SocketSignIn _signIn;
    private readonly StreamLimit.StreamAdmission _admission;
    private readonly CancellationTokenSource _refused;
    private readonly ITimer? _patience;

    internal SocketClient(HttpContext context, SocketSignIn signIn, StreamLimit.StreamAdmission admission, TimeProvider clock, CancellationToken ended)
    {
        (_context, _signIn, _admission, _refused) = (context, signIn, admission, CancellationTokenSource.CreateLinkedTokenSource(ended));
        if (!IsKnown) _patience = clock.CreateTimer(_ => EndUnknown(), null, SocketSignIn.Patience, Timeout.InfiniteTimeSpan);
        context.Response.RegisterForDispose(_refused);
        if (_patience is not null) context.Response.RegisterForDispose(_patience);
    }

    /// <summary>Cancelled when the client may not go on.</summary>
    public CancellationToken Refused => _refused.Token;

    /// <summary>Why; at most 123 bytes.</summary>
    public string Refusal => IsKnown ? "the key or the session is not valid any more" : "no auth message came in time";

    public string Name => _context.User.Identity?.Name ?? "";

    private bool IsKnown => _context.User.May(Need.Anyone);

    /// <returns>Why the token is refused; null if it is not.</returns>
    public string? TryIdentify(string? token) => _signIn.TryIdentify(_context, _admission, token);

    /// <summary>Checks that the client may send a message.</summary>
    /// <param name="defaultScope">The event scope of a command that names none.</param>
    /// <exception cref="SocketMessageException">It may not.</exception>
    public void Check(SocketMessage message, string defaultScope)
    {
        var need = NeedOf(message.Type);
        if (!_context.User.May(need))
            throw new SocketMessageException(IsKnown ? $"{Name} may not send {message.Type}: it takes {Rights.Describe(need)}" : $"send auth with an API key first; {message.Type} takes {Rights.Describe(need)}");
        if (KeyLimit.Of(_context.User) is not { } limit) return;
        var refusal = message.Type switch
        {
            "query" or "startStream" => limit.FindRefusal(message.Filters()),
            "command" => limit.FindRefusal(message.Text("scopeId") ?? defaultScope) is { } text ? $"scopeId {text}" : null,
            _ => null,
        };
        if (refusal is not null) throw new SocketMessageException(refusal);
    }

    /// <summary>What a message takes.</summary>
    internal static Need NeedOf(string type) => type switch
    {
        "auth" => Need.Nothing,
        "command" => Need.Send,
        _ => Need.Viewer,
    };

    private void EndUnknown()
    {
        try
        {
            if (!IsKnown) _refused.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just left, and its request is over.
        }
    }
}
