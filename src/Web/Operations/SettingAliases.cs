using System.Globalization;
using Microsoft.Extensions.Configuration.Memory;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations;

/// <summary>Short names of settings, as the first hubs used them.</summary>
internal static class SettingAliases
{
    public static readonly string[] Names = ["DB_BACKEND", "DUCKDB_PATH", "DB_BATCH_SIZE", "DB_FLUSH_INTERVAL", "NOVA_DB_TYPE", "NOVA_SCOPE_ID"];

    /// <summary>Adds <c>DB_BACKEND</c> (sqlite, duckdb), <c>DUCKDB_PATH</c>, <c>DB_BATCH_SIZE</c>, <c>DB_FLUSH_INTERVAL</c> (seconds), <c>NOVA_DB_TYPE</c> and <c>NOVA_SCOPE_ID</c> when they are set; long names take precedence.</summary>
    public static void AddSettingAliases(this ConfigurationManager configuration)
    {
        var settings = new Dictionary<string, string?>();
        // Invalid values are kept, so that the error names setting and value.
        if (configuration["DB_BACKEND"] is { Length: > 0 } backend)
        {
            settings["Readings:Backend"] = backend.ToLowerInvariant() switch
            {
                "sqlite" => nameof(ReadingsBackend.Database),
                "duckdb" => nameof(ReadingsBackend.DuckDb),
                _ => backend,
            };
        }
        // With DB_BACKEND, the path is that of the store; without it, that of the side path.
        if (configuration["DUCKDB_PATH"] is { Length: > 0 } path)
            settings[configuration["DB_BACKEND"] is { Length: > 0 } ? "Readings:DuckDb:Path" : "Analytics:Path"] = path;
        if (configuration["DB_BATCH_SIZE"] is { Length: > 0 } size) settings["Ingest:BatchSize"] = size;
        if (configuration["DB_FLUSH_INTERVAL"] is { Length: > 0 } interval)
        {
            // Invalid values are kept, so that the error names setting and value.
            settings["Ingest:FlushInterval"] = double.TryParse(interval, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e9
                ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture) : interval;
        }
        if (configuration["NOVA_DB_TYPE"] is { Length: > 0 } engine)
        {
            settings["Database:Provider"] = engine.ToUpperInvariant() switch
            {
                "SQLITE" or "SQLITE3" => DatabaseOptions.SqliteProvider,
                "TIMESCALE" or "TIMESCALEDB" or "POSTGRES" or "POSTGRESQL" => DatabaseOptions.TimescaleProvider,
                _ => engine, // The settings validator names it.
            };
        }
        if (configuration["NOVA_SCOPE_ID"] is { Length: > 0 } scope) settings["Events:ScopeId"] = scope;
        if (ListenAddresses.OfEnvironment(configuration, Environment.GetEnvironmentVariable) is { } addresses) settings[ListenAddresses.Setting] = addresses;
        // They override files, which contain all settings, but not the environment and the command line.
        var sources = ((IConfigurationBuilder)configuration).Sources;
        var lastFile = sources.LastOrDefault(source => source is FileConfigurationSource);
        sources.Insert(lastFile is null ? 0 : sources.IndexOf(lastFile) + 1, new MemoryConfigurationSource { InitialData = settings });
    }
}
