using Microsoft.Extensions.Options;

namespace SensorDash.Data.Sqlite;

/// <summary>The embedded database, bound from <see cref="SectionName"/>.</summary>
public sealed class SqliteOptions
{
    public const string SectionName = "Database:Sqlite";

    /// <summary>The database file; a relative path is relative to the content root. SensorDash creates its folder. Default data/sensordash.db.</summary>
    public string Path { get; set; } = "data/sensordash.db";

    /// <summary>Page cache of each connection in MiB, 1 to 1024. Default 8.</summary>
    public int CacheMiB { get; set; } = 8;

    /// <summary>Size of the write-ahead log in MiB at which it is copied into the database, 1 to 1024. A larger log writes pages that change often
    /// fewer times. Default 40.</summary>
    public int LogMiB { get; set; } = 40;

    // Set from Ingest:Durability; not a separate setting.
    internal bool SyncsEveryCommit { get; set; } = true;

    // Of a new file; set from Ingest:Durability. An existing file keeps its pages.
    internal int PageBytes { get; set; } = 4096;

    // Set for a file that is only read; it opens the file without writing beside it.
    internal string? ReadOnlyConnection { get; set; }
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class SqliteOptionsValidator : IValidateOptions<SqliteOptions>
{
    public ValidateOptionsResult Validate(string? name, SqliteOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (string.IsNullOrWhiteSpace(options.Path))
            result.AddError("Database:Sqlite:Path must name a file; it is empty.");
        if (options.CacheMiB is < 1 or > 1024)
            result.AddError($"Database:Sqlite:CacheMiB must be 1 to 1024, not {options.CacheMiB}.");
        if (options.LogMiB is < 1 or > 1024)
            result.AddError($"Database:Sqlite:LogMiB must be 1 to 1024, not {options.LogMiB}.");
        return result.Build();
    }
}
