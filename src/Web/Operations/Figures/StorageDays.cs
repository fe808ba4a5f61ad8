using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Size of the stores at a time.</summary>
/// <param name="At">Unix seconds.</param>
/// <param name="Files">Files of this machine, the side path included.</param>
/// <param name="Server">The database of a server; null without one.</param>
internal sealed record StorageSize(long At, long Files, long? Server);

/// <summary>A day, UTC.</summary>
/// <param name="Day">The date.</param>
/// <param name="Written">Bytes that the program gave to disks; null where the kernel does not tell.</param>
/// <param name="First">First known size.</param>
/// <param name="Last">Last known size.</param>
internal sealed record StorageDay(DateOnly Day, long? Written, StorageSize? First, StorageSize? Last);

/// <summary>Growth and writes by day, of the last 31 days, in a file of this machine beside the database: it is about its disk, so it does not belong into a store that moves. Safe for concurrent use.</summary>
internal sealed partial class StorageDays(IOptions<SqliteOptions> sqlite, ILogger<StorageDays> logger)
{
    /// <summary>The ending of the file, after the name of the SQLite file.</summary>
    public const string Ending = ".figures";

    private const int Kept = 31;

    // A killed process loses what it has written since.
    private static readonly TimeSpan _betweenWrites = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private IReadOnlyList<StorageDay> _days = [];
    private DateTimeOffset? _writtenAt;
    private bool _isReported;

    private string File => sqlite.Value.Path + Ending;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<StorageDay> Days
    {
        get
        {
            lock (_lock) return _days;
        }
    }

    /// <summary>Reads what former runs have measured; a file that cannot be read counts as none.</summary>
    public void Load()
    {
        try
        {
            if (!System.IO.File.Exists(File)) return;
            var days = JsonSerializer.Deserialize(System.IO.File.ReadAllText(File), StorageDaysJson.Default.ListStorageDay) ?? [];
            lock (_lock) _days = days;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            Log.NotRead(logger, File, e.Message);
        }
    }

    /// <summary>Adds what was measured since the last call, and writes the file once an hour.</summary>
    /// <param name="now">The time.</param>
    /// <param name="written">Bytes given to disks since the last call; null: not known.</param>
    /// <param name="size">Size of the stores; null: not known.</param>
    public void Add(DateTimeOffset now, long? written, StorageSize? size)
    {
        lock (_lock)
        {
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            var days = _days.Where(d => d.Day <= today).ToList(); // Later ones come from a clock that was wrong.
            var day = days.Count > 0 && days[^1].Day == today ? days[^1] : new(today, null, null, null);
            if (days.Count > 0 && days[^1].Day == today) days.RemoveAt(days.Count - 1);
            days.Add(day with { Written = written is null ? day.Written : (day.Written ?? 0) + written, First = day.First ?? size, Last = size ?? day.Last });
            _days = [.. days.TakeLast(Kept)];
            _writtenAt ??= now; // Startup waits for no disk.
            if ((now - _writtenAt.Value).Duration() < _betweenWrites) return;
            _writtenAt = now;
        }
        Save();
    }

    /// <summary>Writes the file; an error is logged once.</summary>
    public void Save()
    {
        var days = Days;
        if (days.Count == 0) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            DurableFile.Write(File, file => JsonSerializer.Serialize(file, [.. days], StorageDaysJson.Default.ListStorageDay));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_isReported) Log.NotWritten(logger, File, e.Message);
            _isReported = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(130, LogLevel.Warning, "{File} cannot be read, so growth and writes are measured anew: {Reason}")]
        public static partial void NotRead(ILogger logger, string file, string reason);

        [LoggerMessage(131, LogLevel.Warning, "{File} cannot be written, so growth and writes are known since the start only: {Reason}")]
        public static partial void NotWritten(ILogger logger, string file, string reason);
    }
}

[JsonSerializable(typeof(List<StorageDay>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class StorageDaysJson : JsonSerializerContext;
