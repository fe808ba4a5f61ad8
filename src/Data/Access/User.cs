namespace SensorDash.Data.Access;

/// <summary>What a person may do. A higher role may do everything that a lower one may.</summary>
public enum UserRole
{
    /// <summary>Reads everything except users, keys and the audit log.</summary>
    Viewer,

    /// <summary>Also edits nodes and zones, sends data and commands, and rebuilds the side path.</summary>
    Operator,

    /// <summary>Also deletes data, moves them, and manages users, keys and settings.</summary>
    Admin,
}

/// <summary>A person who may sign in.</summary>
public sealed class User
{
    public const int NameLength = 64;

    /// <summary>Never reused.</summary>
    public int Id { get; set; }

    /// <summary>Lower case; unique.</summary>
    public required string Name { get; set; }

    public UserRole Role { get; set; }

    /// <summary>As ASP.NET Core Identity's hasher writes it, with its salt and its number of iterations.</summary>
    public required string PasswordHash { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>Unix microseconds; null before the first sign-in.</summary>
    public long? LastSignInAt { get; set; }

    /// <summary>Wrong passwords since the last sign-in or the last pause.</summary>
    public int FailedSignIns { get; set; }

    /// <summary>Until then every sign-in is refused, Unix microseconds; null without a pause.</summary>
    public long? LockedUntil { get; set; }
}

/// <summary>A sign-in of a user on one browser. It ends with its row, whatever cookie is sent.</summary>
public sealed class Session
{
    /// <summary>Random.</summary>
    public required string Id { get; set; }

    public int UserId { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long ExpiresAt { get; set; }
}
