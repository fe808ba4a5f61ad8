namespace SensorDash.Data.Access;

/// <summary>How an act ended.</summary>
public enum AuditOutcome
{
    Done,

    /// <summary>The person or the key may not do it, or the password was wrong.</summary>
    Refused,

    Failed,
}

/// <summary>One line of the audit log: who did what, from where, on what. Lines are added and, past the limit, removed from the oldest on; never changed.</summary>
public sealed class AuditEntry
{
    public const int NameLength = 100;
    public const int TextLength = 1000;
    public const int AddressLength = 45;
    public const int ActionLength = 40;

    /// <summary>In the order of writing.</summary>
    public long Id { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long At { get; set; }

    /// <summary>The user, such as <c>ada</c>, the key, such as <c>key greenhouse</c>, or who else it was, such as <c>command line</c>.</summary>
    public required string Actor { get; set; }

    /// <summary>The address of the client; null if none was.</summary>
    public string? Address { get; set; }

    /// <summary>Such as <c>user.add</c>.</summary>
    public required string Action { get; set; }

    /// <summary>Such as the name of the user; null if there is none.</summary>
    public string? Target { get; set; }

    public AuditOutcome Outcome { get; set; }

    /// <summary>For people; never a secret.</summary>
    public string? Detail { get; set; }
}
