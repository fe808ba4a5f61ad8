using Microsoft.Extensions.Options;

namespace SensorDash.Data.Storage;

/// <summary>The database of all data, bound from <see cref="SectionName"/>. Each engine has a section in it.</summary>
public sealed class DatabaseOptions
{
    public const string SectionName = "Database";

    /// <summary>One file, no setup.</summary>
    public const string SqliteProvider = "Sqlite";

    /// <summary>A PostgreSQL server, with TimescaleDB if available.</summary>
    public const string TimescaleProvider = "Timescale";

    /// <summary>The engine, <see cref="SqliteProvider"/> or <see cref="TimescaleProvider"/>. Also <c>NOVA_DB_TYPE</c>. Default Sqlite.</summary>
    public string Provider { get; set; } = SqliteProvider;

    /// <summary>Apply pending migrations at startup. When off, startup fails if migrations are pending. Default on.</summary>
    public bool MigrateAtStart { get; set; } = true;
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class DatabaseOptionsValidator : IValidateOptions<DatabaseOptions>
{
    public ValidateOptionsResult Validate(string? name, DatabaseOptions options)
        => options.Provider is not (DatabaseOptions.SqliteProvider or DatabaseOptions.TimescaleProvider)
            ? ValidateOptionsResult.Fail($"Database:Provider must be Sqlite or Timescale, not '{options.Provider}'.") : ValidateOptionsResult.Success;
}
