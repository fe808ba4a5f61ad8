using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Scrub;

/// <summary>Opens the stores of the settings for the command, read-only.</summary>
internal static class ScrubStores
{
    /// <exception cref="StartupException">There is no database.</exception>
    /// <exception cref="Data.Transfer.TransferException">It cannot be read.</exception>
    /// <exception cref="Data.Storage.StoreUnavailableException">The readings cannot be read, or a server has them open.</exception>
    public static OpenScrub Open(IConfiguration configuration, TimeProvider clock)
    {
        var root = configuration[WebHostDefaults.ContentRootKey] ?? Environment.CurrentDirectory;
        var (address, analytics) = (new TransferStores(configuration, clock).Configured, configuration.GetSection(AnalyticsOptions.SectionName).Get<AnalyticsOptions>() ?? new());
        var isSqlite = address.Kind == StoreKind.Sqlite;
        if (isSqlite && !File.Exists(address.Place)) throw new StartupException($"There is no database {address.Place}. Start the server once, or name the file with --Database:Sqlite:Path.", null);
        var database = isSqlite ? SqliteScrub.Open(address.Place, clock) : TimescaleScrub.Open(configuration.GetSection(TimescaleOptions.SectionName).Get<TimescaleOptions>() ?? new(), clock);
        try
        {
            var readings = configuration.GetSection(ReadingsOptions.SectionName).Get<ReadingsOptions>() ?? new();
            if (readings.Backend == ReadingsBackend.DuckDb)
                return database.WithReadingsOf(Path.GetFullPath(readings.DuckDb.Path, root), analytics.MemoryLimitMiB, analytics.Threads, clock);
            if (!analytics.Enabled) return database;
            var sqlite = configuration.GetSection(SqliteOptions.SectionName).Get<SqliteOptions>() ?? new();
            analytics.Path = analytics.Path.Length > 0 ? Path.GetFullPath(analytics.Path, root) : Path.ChangeExtension(Path.GetFullPath(sqlite.Path, root), ".duckdb");
            return DuckDbSecondCopyFile.Open(analytics) is { } copy ? new(database.Sources with { Copy = copy }, database.Claim, [copy, .. database.Owned]) : database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
