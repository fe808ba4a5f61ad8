using System.Globalization;
using Microsoft.Extensions.Configuration.Memory;

namespace SensorDash.Web.Operations;

/// <summary>Settings under the short names that the first hubs used.</summary>
internal static class PlanSettings
{
    /// <summary>Adds <c>DB_BATCH_SIZE</c>, <c>DB_FLUSH_INTERVAL</c> (seconds) and <c>DUCKDB_PATH</c> where they are set; the long names win.</summary>
    public static void AddPlanSettings(this ConfigurationManager configuration)
    {
        var settings = new Dictionary<string, string?>();
        if (configuration["DB_BATCH_SIZE"] is { Length: > 0 } size) settings["Ingest:BatchSize"] = size;
        if (configuration["DB_FLUSH_INTERVAL"] is { Length: > 0 } interval)
        {
            // Left as it is when it is no number: binding then names the setting and the value.
            settings["Ingest:FlushInterval"] = double.TryParse(interval, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e9
                ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture) : interval;
        }
        // Above the files, which name every setting, and below the environment and the command line.
        var sources = ((IConfigurationBuilder)configuration).Sources;
        var lastFile = sources.LastOrDefault(source => source is FileConfigurationSource);
        sources.Insert(lastFile is null ? 0 : sources.IndexOf(lastFile) + 1, new MemoryConfigurationSource { InitialData = settings });
    }
}
