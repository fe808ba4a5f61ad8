namespace SensorDash.Data.Access;

/// <summary>Which entries of the audit log to read. An entry must meet all conditions; null means no condition.</summary>
/// <param name="Limit">Maximum number of entries, 1 to <see cref="MaxLimit"/>.</param>
public sealed record AuditQuery(int Limit)
{
    public const int MaxLimit = 10_000;

    /// <summary>Unix microseconds, inclusive.</summary>
    public long? From { get; init; }

    /// <summary>Unix microseconds, exclusive.</summary>
    public long? To { get; init; }

    /// <summary>The whole name.</summary>
    public string? Actor { get; init; }

    /// <summary>A whole action, such as <c>zone.add</c>, or what is before its dot.</summary>
    public string? Action { get; init; }

    public AuditOutcome? Outcome { get; init; }

    /// <summary>Text in the target; capital letters of ASCII do not count.</summary>
    public string? Target { get; init; }

    /// <summary>Only entries written before the one with this id.</summary>
    public long? Before { get; init; }
}

/// <param name="Entries">The newest first.</param>
/// <param name="Next">The <see cref="AuditQuery.Before"/> of the next page; null at the end.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, long? Next);
