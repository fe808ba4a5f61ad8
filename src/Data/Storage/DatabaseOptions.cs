using Microsoft.Extensions.Options;

namespace SensorDash.Data.Storage;

/// <summary>Which database holds everything, bound from <see cref="SectionName"/>. Each engine has a section of its own in it.</summary>
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
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class DatabaseOptionsValidator : IValidateOptions<DatabaseOptions>
{
    public ValidateOptionsResult Validate(string? name, DatabaseOptions options)
        => options.Provider is not (DatabaseOptions.SqliteProvider or DatabaseOptions.TimescaleProvider)
            ? ValidateOptionsResult.Fail($"Database:Provider must be Sqlite or Timescale, not '{options.Provider}'.") : ValidateOptionsResult.Success;
}
