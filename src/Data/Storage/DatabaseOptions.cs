using Microsoft.Extensions.Options;

namespace SensorDash.Data.Storage;

/// <summary>Which database holds everything, bound from <see cref="SectionName"/>.</summary>
public sealed class DatabaseOptions
{
    public const string SectionName = "Database";

    /// <summary>The engine. Only <c>Sqlite</c> so far. Default Sqlite.</summary>
    public string Provider { get; set; } = "Sqlite";

    /// <summary>Bring the schema up to date at start. When off, a database that is behind stops the start. Default on.</summary>
    public bool MigrateAtStart { get; set; } = true;

    public SqliteOptions Sqlite { get; set; } = new();
}

/// <summary>Settings of the embedded database.</summary>
public sealed class SqliteOptions
{
    /// <summary>The database file; a relative path counts from the content root. Its folder is made. Default data/sensordash.db.</summary>
    public string Path { get; set; } = "data/sensordash.db";

    /// <summary>Page cache of each connection in MiB, 1 to 1024. Default 8.</summary>
    public int CacheMiB { get; set; } = 8;

    // Follows Ingest:Durability; not a setting of its own.
    internal bool SyncsEveryCommit { get; set; } = true;
}

/// <summary>Every fault at once, by the setting's full name.</summary>
public sealed class DatabaseOptionsValidator : IValidateOptions<DatabaseOptions>
{
    public ValidateOptionsResult Validate(string? name, DatabaseOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.Provider is not "Sqlite")
            result.AddError($"Database:Provider must be Sqlite, not '{options.Provider}'.");
        if (string.IsNullOrWhiteSpace(options.Sqlite.Path))
            result.AddError("Database:Sqlite:Path must name a file; it is empty.");
        if (options.Sqlite.CacheMiB is < 1 or > 1024)
            result.AddError($"Database:Sqlite:CacheMiB must be 1 to 1024, not {options.Sqlite.CacheMiB}.");
        return result.Build();
    }
}
