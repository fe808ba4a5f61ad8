using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;

namespace SensorDash.Web.Security;

/// <summary>Hashes and checks passwords, one at a time: each takes a core for a moment, on a small machine for a second.</summary>
internal sealed class Passwords : IDisposable
{
    /// <summary>Characters of a password.</summary>
    public const int MinLength = 10, MaxLength = 200;

    // Those who wait longer would not wait for the answer.
    private const int MaxWaiting = 20;

    private readonly PasswordHasher<User> _hasher;
    private readonly SemaphoreSlim _one = new(1);
    private readonly Lazy<string> _nobodysHash;
    private int _waiting;
    private long _computed;

    public Passwords(IOptions<PasswordHasherOptions>? options = null)
    {
        _hasher = new(options);
        _nobodysHash = new(() => Hash(Guid.NewGuid().ToString()));
    }

    /// <summary>Passwords hashed or checked since the start.</summary>
    public long Computed => Interlocked.Read(ref _computed);

    /// <summary>Why a password cannot be used; null if it can.</summary>
    public static string? Error(string? password, string name) => password switch
    {
        null or "" => "is required",
        { Length: < MinLength } => $"must have at least {MinLength} characters",
        { Length: > MaxLength } => $"must have at most {MaxLength} characters",
        _ when password.Contains(name, StringComparison.OrdinalIgnoreCase) && password.Length < name.Length + MinLength => "must not be the name with a few characters",
        _ when password.Distinct().Count() < 4 => "must have at least 4 different characters",
        _ => null,
    };

    /// <summary>The hash to store.</summary>
    /// <exception cref="TooManyPasswordsException">Too many wait for one.</exception>
    public Task<string> HashAsync(string password, CancellationToken cancellationToken) => OneAtATimeAsync(() => Hash(password), cancellationToken);

    /// <summary>Checks a password, in the same time whether there is such a user or not.</summary>
    /// <param name="user">Null if nobody has that name.</param>
    /// <returns>Whether it is right, and a hash to replace the stored one, null if that is as it would be made today.</returns>
    /// <exception cref="TooManyPasswordsException">Too many wait for one.</exception>
    public Task<(bool IsRight, string? NewHash)> CheckAsync(User? user, string password, CancellationToken cancellationToken) => OneAtATimeAsync(
        () =>
        {
            var nobodys = _nobodysHash.Value; // Also for a known name: the first try of all makes it.
            Interlocked.Increment(ref _computed);
            var result = _hasher.VerifyHashedPassword(user!, user?.PasswordHash ?? nobodys, password);
            return (user is not null && result != PasswordVerificationResult.Failed, result == PasswordVerificationResult.SuccessRehashNeeded ? Hash(password) : null);
        },
        cancellationToken);

    private string Hash(string password)
    {
        Interlocked.Increment(ref _computed);
        return _hasher.HashPassword(null!, password);
    }

    private async Task<T> OneAtATimeAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new TooManyPasswordsException();
        }
        try
        {
            await _one.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(work, cancellationToken);
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _one.Dispose();
}

/// <summary>Too many sign-ins at once.</summary>
internal sealed class TooManyPasswordsException() : Exception("too many sign-ins at once; try again in a moment");
