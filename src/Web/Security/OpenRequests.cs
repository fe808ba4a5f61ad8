using System.Collections.Concurrent;
using System.Security.Claims;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Security;

/// <summary>Ends the requests of those who may no longer do them: streams, sockets and downloads go on for hours.</summary>
internal sealed class OpenRequests : IDisposable
{
    private readonly ConcurrentDictionary<OpenRequest, bool> _requests = new();
    private readonly AccessDirectory _directory;
    private readonly TimeProvider _clock;

    public OpenRequests(AccessDirectory directory, TimeProvider clock)
    {
        (_directory, _clock) = (directory, clock);
        directory.Looked += EndThoseRefused;
    }

    /// <summary>Watches a request until it is disposed.</summary>
    public IDisposable Watch(HttpContext context)
    {
        var request = new OpenRequest(context, this);
        context.Features.Set(request);
        _requests.TryAdd(request, true);
        return request;
    }

    /// <summary>Cancelled when the client may no longer do what it does. Only a socket needs it, to say why it ends; all other requests are broken off.</summary>
    public static CancellationToken EndOf(HttpContext context) => context.Features.Get<OpenRequest>()?.Ended ?? CancellationToken.None;

    public void Dispose() => _directory.Looked -= EndThoseRefused;

    private void EndThoseRefused()
    {
        foreach (var (request, _) in _requests)
            request.EndUnless(IsStillAllowed);
    }

    /// <summary>Whether somebody who was found out earlier may still do the same.</summary>
    public bool IsStillAllowed(ClaimsPrincipal one)
    {
        if (_directory.Current is not { } state || one.Identity is not { IsAuthenticated: true, Name: { } name }) return true;
        var now = _clock.NowMicroseconds();
        if (one.FindFirst(Rights.SessionClaim)?.Value is { } session) return state.FindUser(session, now) is { } user && HasNeedsOf(one, Rights.Of(user, session));
        if (one.FindFirst(Rights.KeyClaim)?.Value is { } prefix) return state.FindKey(prefix) is { } key && key.IsValid(now);
        return name != Rights.ThisMachine || !state.HasAdmin;
    }

    private static bool HasNeedsOf(ClaimsPrincipal one, ClaimsPrincipal other) => Enum.GetValues<Need>().All(need => one.May(need) == other.May(need));

    private sealed class OpenRequest(HttpContext context, OpenRequests owner) : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Lock _lock = new();
        private bool _isOver;

        public CancellationToken Ended => _end.Token;

        // Under the lock, because the server uses the context for another request as soon as this one is over: that one would be asked, and ended.
        public void EndUnless(Func<ClaimsPrincipal, bool> isAllowed)
        {
            lock (_lock)
            {
                if (_isOver || isAllowed(context.User)) return;
                _end.Cancel();
                if (!context.WebSockets.IsWebSocketRequest) context.Abort();
            }
        }

        public void Dispose()
        {
            lock (_lock) _isOver = true;
            owner._requests.TryRemove(this, out _);
            _end.Dispose();
        }
    }
}
