using Microsoft.Extensions.Options;

namespace SensorDash.Data.Timescale;

/// <summary>The PostgreSQL server, bound from <see cref="SectionName"/>.</summary>
public sealed class TimescaleOptions
{
    public const string SectionName = "Database:Timescale";

    /// <summary>Host name or address of the server. Default localhost.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>1 to 65535. Default 5432.</summary>
    public int Port { get; set; } = 5432;

    /// <summary>Default sensordash.</summary>
    public string Database { get; set; } = "sensordash";

    /// <summary>The role to connect as. Default sensordash.</summary>
    public string User { get; set; } = "sensordash";

    /// <summary>The environment variable that contains the password, so that no settings file does. If it is unset, no password is sent. Default NOVA_DB_PASSWORD.</summary>
    public string PasswordEnv { get; set; } = "NOVA_DB_PASSWORD";

    /// <summary>Encryption of the connection. Default Prefer: encrypted if the server supports it, without checking its certificate.</summary>
    public TimescaleSsl Ssl { get; set; } = TimescaleSsl.Prefer;

    /// <summary>Whether the JSON content of events has an index for queries with payload conditions. Applied at every startup. Default false: it costs a third of the ingest rate.</summary>
    public bool ContentIndex { get; set; }

    /// <summary>Whether an index has the values of readings too, so that those of a node are read from a few pages. Applied at every startup. Default false: it costs 100 bytes per reading and a fifth of the ingest rate.</summary>
    public bool NodeIndex { get; set; }

    // For the source of a transfer: the server itself refuses to write.
    internal bool IsReadOnly { get; set; }

    // Of a file that a transfer names; instead of the environment variable.
    internal string? Password { get; set; }

    public TimescalePoolOptions Pool { get; set; } = new();

    public TimescaleHypertableOptions Hypertable { get; set; } = new();
}

/// <summary>Encryption of the connection, in the driver's terms.</summary>
public enum TimescaleSsl
{
    Disable,
    Prefer,
    Require,
    VerifyCA,
    VerifyFull,
}

/// <summary>Connections to the server.</summary>
public sealed class TimescalePoolOptions
{
    /// <summary>Minimum open connections, 0 to <see cref="MaxSize"/>. Default 10.</summary>
    public int MinSize { get; set; } = 10;

    /// <summary>Maximum connections, 4 to 1000; a request that finds them all in use waits <see cref="ConnectionTimeout"/>. Default 50.</summary>
    public int MaxSize { get; set; } = 50;

    /// <summary>Maximum time of a statement in seconds, 1 to 86400, on the client and on the server. Default 60.</summary>
    public int CommandTimeout { get; set; } = 60;

    /// <summary>Maximum wait for a connection in seconds, 1 to 600. Default 10.</summary>
    public int ConnectionTimeout { get; set; } = 10;

    /// <summary>Seconds after which a process that holds the writer lock and does nothing, because it is frozen or its machine failed, loses it; 1 to 3600. Default 30.</summary>
    public int WriterTimeout { get; set; } = 30;
}

/// <summary>Chunks and compression of TimescaleDB. Applied at every startup; unused on plain PostgreSQL.</summary>
public sealed class TimescaleHypertableOptions
{
    /// <summary>Time range of one chunk of readings or events, 10 minutes to 365 days; applies to new chunks. Default 1 day.</summary>
    public TimeSpan ChunkInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Compress chunks older than this (Community edition only), at least <see cref="ChunkInterval"/>; zero means never. Default 7 days.</summary>
    public TimeSpan CompressionAfter { get; set; } = TimeSpan.FromDays(7);
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class TimescaleOptionsValidator : IValidateOptions<TimescaleOptions>
{
    public ValidateOptionsResult Validate(string? name, TimescaleOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (var error in Errors(options)) result.AddError(error);
        return result.Build();
    }

    private static IEnumerable<string> Errors(TimescaleOptions options)
    {
        foreach (var (key, value) in ((string, string)[])[("Host", options.Host), ("Database", options.Database), ("User", options.User), ("PasswordEnv", options.PasswordEnv)])
            if (string.IsNullOrWhiteSpace(value)) yield return $"Database:Timescale:{key} must not be empty.";
        if (options.Port is < 1 or > 65535) yield return $"Database:Timescale:Port must be 1 to 65535, not {options.Port}.";

        var pool = options.Pool;
        // The writers and the listener each keep a connection, so that readers cannot take the last one.
        if (pool.MaxSize is < 4 or > 1000) yield return $"Database:Timescale:Pool:MaxSize must be 4 to 1000, not {pool.MaxSize}.";
        if (pool.MinSize < 0 || pool.MinSize > pool.MaxSize)
            yield return $"Database:Timescale:Pool:MinSize must be 0 to Database:Timescale:Pool:MaxSize, not {pool.MinSize}.";
        if (pool.CommandTimeout is < 1 or > 86_400) yield return $"Database:Timescale:Pool:CommandTimeout must be 1 to 86400 seconds, not {pool.CommandTimeout}.";
        if (pool.WriterTimeout is < 1 or > 3600) yield return $"Database:Timescale:Pool:WriterTimeout must be 1 to 3600 seconds, not {pool.WriterTimeout}.";
        if (pool.ConnectionTimeout is < 1 or > 600) yield return $"Database:Timescale:Pool:ConnectionTimeout must be 1 to 600 seconds, not {pool.ConnectionTimeout}.";

        var table = options.Hypertable;
        const string Section = "Database:Timescale:Hypertable";
        if (table.ChunkInterval < TimeSpan.FromMinutes(10) || table.ChunkInterval > TimeSpan.FromDays(365))
            yield return $"{Section}:ChunkInterval must be 00:10:00 to 365.00:00:00, not {table.ChunkInterval:c}.";
        if (table.CompressionAfter != TimeSpan.Zero && table.CompressionAfter < table.ChunkInterval)
            yield return $"{Section}:CompressionAfter must be 00:00:00 (never) or at least {Section}:ChunkInterval, not {table.CompressionAfter:c}.";
    }
}
