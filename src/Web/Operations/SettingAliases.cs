using System.Globalization;
using Microsoft.Extensions.Configuration.Memory;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations;

/// <summary>Settings under the short names that the first hubs used.</summary>
internal static class SettingAliases
{
    /// <summary>Adds <c>DB_BACKEND</c> (sqlite, duckdb), <c>DUCKDB_PATH</c>, <c>DB_BATCH_SIZE</c>, <c>DB_FLUSH_INTERVAL</c> (seconds) and <c>NOVA_DB_TYPE</c> where they are set; the long names win.</summary>
    public static void AddSettingAliases(this ConfigurationManager configuration)
    {
        var settings = new Dictionary<string, string?>();
        // Anything else is left as it is: binding then names the setting and the value.
        if (configuration["DB_BACKEND"] is { Length: > 0 } backend)
        {
            settings["Readings:Backend"] = backend.ToLowerInvariant() switch
            {
                "sqlite" => nameof(ReadingsBackend.Database),
                "duckdb" => nameof(ReadingsBackend.DuckDb),
                _ => backend,
            };
        }
        // Beside a backend that was chosen by its short name, the path is the store's; alone it is that of the file beside the database.
        if (configuration["DUCKDB_PATH"] is { Length: > 0 } path)
            settings[configuration["DB_BACKEND"] is { Length: > 0 } ? "Readings:DuckDb:Path" : "Analytics:Path"] = path;
        if (configuration["DB_BATCH_SIZE"] is { Length: > 0 } size) settings["Ingest:BatchSize"] = size;
        if (configuration["DB_FLUSH_INTERVAL"] is { Length: > 0 } interval)
        {
            // Left as it is when it is no number: binding then names the setting and the value.
            settings["Ingest:FlushInterval"] = double.TryParse(interval, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e9
                ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture) : interval;
        }
        if (configuration["NOVA_DB_TYPE"] is { Length: > 0 } engine)
        {
            settings["Database:Provider"] = engine.ToUpperInvariant() switch
            {
                "SQLITE" or "SQLITE3" => DatabaseOptions.SqliteProvider,
                "TIMESCALE" or "TIMESCALEDB" or "POSTGRES" or "POSTGRESQL" => DatabaseOptions.TimescaleProvider,
                _ => engine, // The check of the settings names it.
            };
        }
        // Above the files, which name every setting, and below the environment and the command line.
        var sources = ((IConfigurationBuilder)configuration).Sources;
        var lastFile = sources.LastOrDefault(source => source is FileConfigurationSource);
        sources.Insert(lastFile is null ? 0 : sources.IndexOf(lastFile) + 1, new MemoryConfigurationSource { InitialData = settings });
    }
}
