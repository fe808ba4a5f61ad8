using Microsoft.Extensions.Options;
using SensorDash.Data.Backup;
using SensorDash.Data.Sqlite;

namespace SensorDash.Web.Backups;

internal static class BackupServices
{
    /// <summary>Resolves the paths of the settings: the backups are beside the SQLite file, or where it would be.</summary>
    /// <param name="services">The services.</param>
    /// <param name="root">Where relative paths begin.</param>
    public static IServiceCollection AddBackupFolder(this IServiceCollection services, string root)
    {
        services.AddOptions<BackupOptions>().PostConfigure<IOptions<SqliteOptions>>((backup, sqlite) => backup.Folder = backup.Folder.Length > 0
            ? Path.GetFullPath(backup.Folder, root) : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(sqlite.Value.Path, root))!, "backups"));
        return services;
    }
}
