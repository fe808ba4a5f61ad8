using System.Globalization;
using SensorDash.Data.Backup;

namespace SensorDash.Web.Backups;

/// <summary>Backups in words, for the command line, the log and the pages.</summary>
internal static class BackupText
{
    /// <summary>Rows of the readings of a backup.</summary>
    public static long Readings(BackupManifest manifest) => manifest.Files[^1].Contents.Tables.GetValueOrDefault("sensor_readings")?.Rows ?? 0; // DuckDB's, if it holds them.

    /// <summary>Rows of its events.</summary>
    public static long Events(BackupManifest manifest) => manifest.Files[0].Contents.Tables.Where(t => t.Key.EndsWith("_events", StringComparison.Ordinal)).Sum(t => t.Value.Rows);

    /// <summary>What a new backup holds, and what it cost.</summary>
    public static string Created(CreatedBackup created)
    {
        var manifest = created.Backup.Manifest!;
        var text = string.Create(CultureInfo.InvariantCulture, $"{Size(manifest.Bytes)}, {Readings(manifest):N0} readings, {Events(manifest):N0} events; read back and verified.");
        if (manifest.Doubt is { } doubt) text += $" It may not be what was stored: {doubt}.";
        return created.Deleted.Count == 0 ? text : $"{text} Deleted {string.Join(", ", created.Deleted)}.";
    }

    /// <summary>good, doubtful or damaged.</summary>
    public static string State(BackupEntry backup) => backup.Error is not null ? "damaged" : backup.IsGood ? "good" : "doubtful";

    public static string Size(long bytes) => bytes < 1 << 20 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");
}
