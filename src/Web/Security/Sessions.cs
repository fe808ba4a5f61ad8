using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Security;

/// <summary>How a sign-in ended.</summary>
/// <param name="User">Who is signed in; null if nobody is.</param>
/// <param name="TriesLeft">Wrong passwords until the pause.</param>
/// <param name="LockedUntil">Unix microseconds; null without a pause.</param>
internal sealed record SignInResult(User? User, int TriesLeft, long? LockedUntil);

/// <summary>Signs people in and out. After five wrong passwords a name waits for a minute, whether somebody has that name or not.</summary>
internal sealed class Sessions(AccessStore store, AccessDirectory directory, Passwords passwords, TimeProvider clock) : IDisposable
{
    /// <summary>Characters of a name.</summary>
    public const int MaxNameLength = User.NameLength;

    /// <summary>Wrong passwords in a row until the pause.</summary>
    public const int MaxFailures = 5;

    /// <summary>How long no password is tried after that.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan ShortSession = TimeSpan.FromDays(1), LongSession = TimeSpan.FromDays(30);

    private const int MaxUnknownNames = 10_000, SessionBytes = 16;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _counting = new(1);
    private readonly Dictionary<string, (int Failures, long? LockedUntil)> _unknownNames = [];

    /// <summary>The name as it is stored.</summary>
    public static string Normalize(string? name) => (name ?? "").Trim().ToLowerInvariant();

    /// <summary>Why a name cannot be used; null if it can.</summary>
    public static string? NameError(string name) => name switch
    {
        "" => "is required",
        { Length: > User.NameLength } => $"must have at most {User.NameLength} characters",
        _ when !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@') => "may have letters, digits and . _ - @ only",
        _ => null,
    };

    /// <summary>Checks name and password and, when they are right, starts a session.</summary>
    /// <param name="isLong">Whether the session stays when the browser is closed, for <see cref="LongSession"/>.</param>
    /// <exception cref="TooManyPasswordsException">Too many sign in at once.</exception>
    public Task<SignInResult> TryAsync(HttpContext context, string name, string password, bool isLong, CancellationToken cancellationToken)
        => TryAsync(name, password, (user, newHash) => StartSessionAsync(context, user, isLong, newHash, cancellationToken), cancellationToken);

    /// <summary>Checks the password of somebody who is signed in.</summary>
    /// <returns>Why it is refused, after the name of the field; null if it is right.</returns>
    /// <exception cref="TooManyPasswordsException">Too many sign in at once.</exception>
    public async Task<string?> CheckAsync(string name, string password, CancellationToken cancellationToken)
    {
        var result = await TryAsync(name, password, (_, _) => Task.FromResult(true), cancellationToken);
        return result switch
        {
            { User: not null } => null,
            { LockedUntil: not null } => "was wrong too often; try again in a minute",
            _ => "is wrong",
        };
    }

    private async Task<SignInResult> TryAsync(string name, string password, Func<User, string?, Task<bool>> whenRightAsync, CancellationToken cancellationToken)
    {
        var user = await store.FindUserAsync(name, cancellationToken);
        var (failures, lockedUntil) = StateOf(name, user);
        if (lockedUntil > clock.NowMicroseconds()) return new(null, 0, lockedUntil);
        var (isRight, newHash) = await passwords.CheckAsync(user, password, cancellationToken);
        await _counting.WaitAsync(cancellationToken);
        try
        {
            // Others may have tried meanwhile: each try counts, and in the pause that they began none is right.
            (failures, lockedUntil) = StateOf(name, user is null ? null : await store.FindUserAsync(name, cancellationToken) ?? user);
            if (lockedUntil > clock.NowMicroseconds()) return new(null, 0, lockedUntil);
            if (isRight && await whenRightAsync(user!, newHash)) return new(user, MaxFailures, null);
            failures++;
            long? until = failures >= MaxFailures ? clock.NowMicroseconds() + Pause.WholeMicroseconds() : null;
            if (until is not null) failures = 0;
            if (user is not null) await store.NoteFailureAsync(user.Id, failures, until, cancellationToken);
            else NoteUnknown(name, failures, until);
            return new(null, until is null ? MaxFailures - failures : 0, until);
        }
        finally
        {
            _counting.Release();
        }
    }

    /// <summary>Starts a session and sends its cookie.</summary>
    /// <param name="newHash">The same password by today's rules; null: the stored one stays.</param>
    /// <returns>False if the user was changed meanwhile.</returns>
    public async Task<bool> StartSessionAsync(HttpContext context, User user, bool isLong, string? newHash, CancellationToken cancellationToken)
    {
        var (now, length) = (clock.GetUtcNow(), isLong ? LongSession : ShortSession);
        // Always a new one, whatever the browser sent: a session cannot be planted.
        var session = new Session
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SessionBytes)),
            UserId = user.Id,
            CreatedAt = clock.NowMicroseconds(),
            ExpiresAt = clock.NowMicroseconds() + length.WholeMicroseconds(),
        };
        if (await store.StartSessionAsync(user, session, newHash, cancellationToken) != AccessChange.Done) return false;
        await EndOldSessionAsync(context, cancellationToken);
        await directory.RefreshAsync(cancellationToken);
        var principal = Rights.Of(user, session.Id);
        await context.SignInAsync(AccessHandler.Cookie, principal, new() { IsPersistent = isLong, IssuedUtc = now, ExpiresUtc = now + length });
        context.User = principal;
        return true;
    }

    /// <summary>Ends the session of a request.</summary>
    public async Task EndAsync(HttpContext context, CancellationToken cancellationToken)
    {
        await EndOldSessionAsync(context, cancellationToken);
        await directory.RefreshAsync(cancellationToken);
        await context.SignOutAsync(AccessHandler.Cookie);
    }

    private async Task EndOldSessionAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.User.FindFirst(Rights.SessionClaim)?.Value is { } old) await store.EndSessionAsync(old, cancellationToken);
    }

    private (int Failures, long? LockedUntil) StateOf(string name, User? user)
    {
        if (user is not null) return (user.FailedSignIns, user.LockedUntil);
        lock (_lock) return _unknownNames.GetValueOrDefault(name);
    }

    private void NoteUnknown(string name, int failures, long? until)
    {
        lock (_lock)
        {
            // Forgetting a pause shows that there is no such user, but only to somebody who tried ten thousand names.
            if (_unknownNames.Count >= MaxUnknownNames && !_unknownNames.ContainsKey(name)) _unknownNames.Clear();
            _unknownNames[name] = (failures, until);
        }
    }

    public void Dispose() => _counting.Dispose();
}
