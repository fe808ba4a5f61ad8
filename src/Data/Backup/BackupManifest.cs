using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SensorDash.Data.Backup;

/// <summary>What a backup holds; the file manifest.json beside its copies of the stores. It is written last, so a backup with a manifest is complete.</summary>
public sealed record BackupManifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The layout of backups of this version; a backup of another layout is not read.</summary>
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>See <see cref="CurrentFormat"/>.</summary>
    public required int Format { get; init; }

    /// <summary>The version of the program that made it.</summary>
    public required string Program { get; init; }

    /// <summary>When the copy began, Unix microseconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><see cref="CreatedAt"/> for people.</summary>
    public string Created => Text(CreatedAt);

    /// <summary>A copy of each store: of the database, and of the readings if DuckDB holds them.</summary>
    public required IReadOnlyList<BackupFile> Files { get; init; }

    /// <summary>Total size of the copies.</summary>
    public long Bytes => Files.Sum(f => f.Bytes);

    /// <summary>Why the stores did not agree with their own logs at that time; null if they did.</summary>
    public string? Doubt => Files.Select(f => f.Contents.Doubt).FirstOrDefault(d => d is not null);

    /// <summary>The version of this program.</summary>
    public static string ProgramVersion { get; } = typeof(BackupManifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <exception cref="BackupException">It cannot be read, or is of another layout.</exception>
    public static BackupManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var manifest = JsonSerializer.Deserialize<BackupManifest>(File.ReadAllText(path), _json);
            if (manifest is null or { Files: null or { Count: 0 } }) throw new BackupException($"{path} lists no files.");
            if (manifest.Format != CurrentFormat)
                throw new BackupException(string.Create(CultureInfo.InvariantCulture, $"{path} has the format {manifest.Format}; this version of SensorDash reads format {CurrentFormat}."));
            // A name with a folder in it could lead out of the backup.
            if (manifest.Files.Any(f => f?.Contents?.Tables is null || string.IsNullOrEmpty(f.Name) || Path.GetFileName(f.Name) != f.Name)) throw new BackupException($"{path} is damaged.");
            return manifest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"{path} cannot be read: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new BackupException($"{path} is damaged: {e.Message}", e);
        }
    }

    internal static string Text(long microseconds)
        => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>The copy of one store.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Engine">sqlite, duckdb or postgresql.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Lower-case hexadecimal digits.</param>
/// <param name="Contents">What it holds.</param>
public sealed record BackupFile(string Name, string Engine, long Bytes, string Sha256, BackupContents Contents);

/// <summary>What a copy of a store holds.</summary>
/// <param name="Schema">The last migration, or the format of a DuckDB store.</param>
/// <param name="Epoch">The epoch of the store; a restored store gets another one.</param>
/// <param name="Tables">Rows and hash of each table.</param>
/// <param name="Doubt">How its rows differ from its own batch log, which counts every commit; null if they do not.</param>
public sealed record BackupContents(string Schema, string Epoch, IReadOnlyDictionary<string, TableSum> Tables, string? Doubt)
{
    /// <summary>The version of TimescaleDB, which a restore needs exactly; null without it.</summary>
    public string? Timescale { get; init; }

    /// <summary>The first table whose rows are others; null if there is none.</summary>
    public string? FindDifference(BackupContents other)
    {
        foreach (var table in Tables.Keys.Union(other.Tables.Keys).Order(StringComparer.Ordinal))
        {
            var (ours, theirs) = (Tables.GetValueOrDefault(table), other.Tables.GetValueOrDefault(table));
            if (ours == theirs) continue;
            return ours is null || theirs is null ? $"table {table} is only in one of them"
                : ours.Rows != theirs.Rows ? string.Create(CultureInfo.InvariantCulture, $"table {table} has {theirs.Rows} rows instead of {ours.Rows}") : $"rows of table {table} differ";
        }
        return Schema == other.Schema && Epoch == other.Epoch ? null : "schema or epoch differ";
    }
}

/// <summary>All rows of a table, in any order.</summary>
/// <param name="Rows">Their number.</param>
/// <param name="Hash">The sum of the hashes of the rows modulo 2⁶⁴, sixteen hexadecimal digits. Of readings and events it is the same on every engine.</param>
public sealed record TableSum(long Rows, string Hash);
