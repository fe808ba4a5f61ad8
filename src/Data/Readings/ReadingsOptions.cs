using Microsoft.Extensions.Options;

namespace SensorDash.Data.Readings;

/// <summary>The backend of the readings.</summary>
public enum ReadingsBackend
{
    /// <summary>The database of <c>Database:Provider</c>.</summary>
    Database,

    /// <summary>A DuckDB file; nodes' names, notes and zones stay in the database.</summary>
    DuckDb,
}

/// <summary>Where readings are stored, bound from <see cref="SectionName"/>.</summary>
public sealed class ReadingsOptions
{
    public const string SectionName = "Readings";

    /// <summary>Database or DuckDb. Also <c>DB_BACKEND</c> (sqlite, duckdb). A change moves no data: readings stay in the other backend
    /// and reappear after you change it back. Default Database.</summary>
    public ReadingsBackend Backend { get; set; }

    public DuckDbReadingsOptions DuckDb { get; set; } = new();
}

/// <summary>Settings of the DuckDB store.</summary>
public sealed class DuckDbReadingsOptions
{
    /// <summary>The DuckDB file; a relative path is relative to the content root. SensorDash creates its folder.
    /// Also <c>DUCKDB_PATH</c> when <c>DB_BACKEND</c> is set. Default data/readings.duckdb.</summary>
    public string Path { get; set; } = "data/readings.duckdb";

    // Set from Analytics:MemoryLimitMiB and Analytics:Threads: a process has one DuckDB file, a store or a side path.
    internal int? MemoryLimitMiB { get; set; }

    internal int? Threads { get; set; }

    // For the source of a transfer.
    internal bool IsReadOnly { get; set; }

    // Set from Backup:Folder: DuckDB writes its copies there.
    internal string? BackupFolder { get; set; }
}

/// <summary>Every error at once, with the setting's full name.</summary>
public sealed class ReadingsOptionsValidator : IValidateOptions<ReadingsOptions>
{
    public ValidateOptionsResult Validate(string? name, ReadingsOptions options)
        => string.IsNullOrWhiteSpace(options.DuckDb.Path)
            ? ValidateOptionsResult.Fail("Readings:DuckDb:Path must name a file; it is empty.") : ValidateOptionsResult.Success;
}
