using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations.Figures;

namespace SensorDash.Web.Operations;

/// <summary>Checks the files that the settings name: each has one owner in this program, and stores have one name.</summary>
internal sealed class DataFiles(
    IOptions<DatabaseOptions> database, IOptions<SqliteOptions> sqlite, IOptions<ReadingsOptions> readings, IOptions<AnalyticsOptions> analytics)
{
    private const string SqliteSetting = "Database:Sqlite:Path";
    private const string StoreSetting = "Readings:DuckDb:Path";
    private const string SidePathSetting = "Analytics:Path";

    private static readonly string[] _sqliteEndings = ["", "-wal", "-shm", "-journal", ".lock", ".owner", ".suspect", SqliteScrubClaim.Ending, RetentionClock.Ending, StoreDamage.Ending, StorageDays.Ending];
    private static readonly string[] _duckDbEndings = ["", ".wal", ".tmp"];

    private static readonly StringComparer _order = OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <exception cref="StartupException">Two settings name one file, or a store has several names.</exception>
    public void Check()
    {
        try
        {
            var owners = new Dictionary<string, (string Setting, string Path)>(_order);
            foreach (var (setting, path, endings) in Used())
            {
                // Logs and locks are named after the spelled path, and SQLite's logs after the file that it leads to.
                foreach (var file in endings.Select(ending => path + ending).Concat(FileIdentity.Target(path) is { } target ? endings.Select(ending => target + ending) : []))
                {
                    if (owners.TryGetValue(FileIdentity.Of(file), out var owner) && owner.Setting != setting)
                        throw new StartupException($"{setting} must not name a file of {owner.Setting}: {file} is {owner.Path}. Choose another path.", null);
                    owners[FileIdentity.Of(file)] = (setting, file);
                }
                if (setting == SidePathSetting || FileIdentity.HardLinks(path) is var links && links <= 1) continue;
                throw new StartupException($"{setting} must name a file with one name, but {path} has {links} hard links: each name would have its own log and its own lock. "
                    + "Delete the other names, or copy the file.", null);
            }
        }
        catch (IOException e)
        {
            throw new StartupException(e.Message, e);
        }
    }

    private IEnumerable<(string Setting, string Path, string[] Endings)> Used()
    {
        if (database.Value.Provider != DatabaseOptions.TimescaleProvider) yield return (SqliteSetting, sqlite.Value.Path, _sqliteEndings);
        if (readings.Value.Backend == ReadingsBackend.DuckDb) yield return (StoreSetting, readings.Value.DuckDb.Path, _duckDbEndings);
        else if (analytics.Value.Enabled) yield return (SidePathSetting, analytics.Value.Path, _duckDbEndings);
    }
}
