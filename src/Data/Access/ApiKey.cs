namespace SensorDash.Data.Access;

/// <summary>What a program may do with a key.</summary>
[Flags]
public enum KeyScopes
{
    None = 0,

    /// <summary>Send readings, events and commands.</summary>
    Ingest = 1,

    /// <summary>Read what a viewer may read.</summary>
    Read = 2,

    /// <summary>Everything an administrator may do over the API.</summary>
    Admin = 4,
}

/// <summary>A key by which a program proves what it may do. Only its hash is stored.</summary>
public sealed class ApiKey
{
    public const int NameLength = 100;
    public const int LimitLength = 2000;

    /// <summary>Number of characters of <see cref="Prefix"/>.</summary>
    public const int PrefixLength = 8;

    /// <summary>Never reused.</summary>
    public int Id { get; set; }

    public required string Name { get; set; }

    /// <summary>The first characters of the key, by which it is looked up and shown; unique.</summary>
    public required string Prefix { get; set; }

    /// <summary>SHA-256 of the whole key.</summary>
    public required byte[] Hash { get; set; }

    public KeyScopes Scopes { get; set; }

    /// <summary>The event scopes that it is limited to, separated by line ends; null: no limit.</summary>
    public string? EventScopes { get; set; }

    /// <summary>The node addresses that it is limited to, such as <c>1-20,35</c>; null: no limit.</summary>
    public string? Nodes { get; set; }

    /// <summary>The name of the user who made it.</summary>
    public required string CreatedBy { get; set; }

    /// <summary>Unix microseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>Unix microseconds; null: never.</summary>
    public long? ExpiresAt { get; set; }

    /// <summary>Unix microseconds, to the minute; null before the first use.</summary>
    public long? LastUsedAt { get; set; }

    /// <summary>Unix microseconds; null while it is valid.</summary>
    public long? RevokedAt { get; set; }
}
