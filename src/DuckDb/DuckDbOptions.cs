using System.Globalization;

namespace SensorDash.DuckDb;

/// <summary>Who may write to a database file.</summary>
public enum DuckDbAccessMode
{
    /// <summary>Read and write; the file is created when it is missing.</summary>
    ReadWrite,
    /// <summary>Read only; the file must exist. Several processes may have it open this way.</summary>
    ReadOnly,
}

/// <summary>How a database is opened. Read once, by <see cref="DuckDbDatabase.Open"/>.</summary>
public sealed class DuckDbOptions
{
    /// <summary>Most memory DuckDB takes for data, in MiB, 1 or more. Default: DuckDB's own, 80 % of the machine. Beyond it
    /// DuckDB spills to disk where it can, and fails with <see cref="DuckDbErrorKind.OutOfMemory"/> where not.</summary>
    public int? MemoryLimitMiB { get; init; }

    /// <summary>Threads that work on queries, 1 or more, the caller's included. Default: DuckDB's own, one per core.</summary>
    public int? Threads { get; init; }

    /// <summary>Default <see cref="DuckDbAccessMode.ReadWrite"/>.</summary>
    public DuckDbAccessMode AccessMode { get; init; }

    /// <summary>Further start-up settings by DuckDB's names, such as "temp_directory"; they win over the ones above. Default
    /// none.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    internal IEnumerable<KeyValuePair<string, string>> ToSettings()
    {
        if (MemoryLimitMiB < 1)
            throw new ArgumentOutOfRangeException(nameof(MemoryLimitMiB), MemoryLimitMiB, "must be 1 MiB or more.");
        if (Threads < 1) throw new ArgumentOutOfRangeException(nameof(Threads), Threads, "must be 1 or more.");

        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (MemoryLimitMiB is { } limit) settings["memory_limit"] = string.Create(CultureInfo.InvariantCulture, $"{limit}MiB");
        if (Threads is { } threads) settings["threads"] = threads.ToString(CultureInfo.InvariantCulture);
        if (AccessMode == DuckDbAccessMode.ReadOnly) settings["access_mode"] = "READ_ONLY";
        foreach (var (name, value) in Settings) settings[name] = value;
        return settings;
    }
}
