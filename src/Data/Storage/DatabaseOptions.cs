using Microsoft.Extensions.Options;
using SensorDash.Data.Timescale;

namespace SensorDash.Data.Storage;

/// <summary>Which database holds everything, bound from <see cref="SectionName"/>.</summary>
public sealed class DatabaseOptions
{
    public const string SectionName = "Database";

    /// <summary>One file, nothing to set up.</summary>
    public const string SqliteProvider = "Sqlite";

    /// <summary>A PostgreSQL server, with TimescaleDB where it has it.</summary>
    public const string TimescaleProvider = "Timescale";

    /// <summary>The engine, <see cref="SqliteProvider"/> or <see cref="TimescaleProvider"/>. Also <c>NOVA_DB_TYPE</c>. Default Sqlite.</summary>
    public string Provider { get; set; } = SqliteProvider;

    /// <summary>Bring the schema up to date at start. When off, a database that is behind stops the start. Default on.</summary>
    public bool MigrateAtStart { get; set; } = true;

    public SqliteOptions Sqlite { get; set; } = new();

    public TimescaleOptions Timescale { get; set; } = new();
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
        if (options.Provider is not (DatabaseOptions.SqliteProvider or DatabaseOptions.TimescaleProvider))
            result.AddError($"Database:Provider must be Sqlite or Timescale, not '{options.Provider}'.");
        if (string.IsNullOrWhiteSpace(options.Sqlite.Path))
            result.AddError("Database:Sqlite:Path must name a file; it is empty.");
        if (options.Sqlite.CacheMiB is < 1 or > 1024)
            result.AddError($"Database:Sqlite:CacheMiB must be 1 to 1024, not {options.Sqlite.CacheMiB}.");
        foreach (var timescale in TimescaleOptions.Errors(options.Timescale)) result.AddError(timescale);
        return result.Build();
    }
}
