using System.Globalization;
using DuckDB.NET.Data;

namespace SensorDash.Data.DuckDb;

/// <summary>Options for opening a file.</summary>
/// <param name="MemoryLimitMiB">Maximum memory of DuckDB for data, 1 or more. Beyond it DuckDB writes to disk where it can, and fails where it
/// cannot. Null: DuckDB's own default.</param>
/// <param name="Threads">Threads of a query. Null or 0 means one per core.</param>
internal sealed record DuckDbOptions(int? MemoryLimitMiB = null, int? Threads = null)
{
    /// <summary>Whether the file stays as it is, with its log.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>A folder whose files SQL can access too; null: none.</summary>
    public string? BackupFolder { get; init; }

    /// <summary>The driver's settings for a file. SQL can access that file, its spill files and <see cref="BackupFolder"/>, but no other file and no server.</summary>
    /// <param name="path">Absolute.</param>
    public string ToConnectionString(string path)
    {
        var builder = new DuckDBConnectionStringBuilder
        {
            DataSource = path,
            EnableExternalAccess = BackupFolder is not null, // Until AfterOpening.
            AutoinstallKnownExtensions = false,
            AutoloadKnownExtensions = false,
        };
        if (MemoryLimitMiB is { } limit) builder.MemoryLimit = string.Create(CultureInfo.InvariantCulture, $"{limit}MiB");
        if (Threads is { } threads and not 0) builder.Threads = threads;
        if (IsReadOnly) builder["access_mode"] = "READ_ONLY";
        return builder.ConnectionString;
    }

    /// <summary>Statements for the first connection; null: none. The driver cannot set a list, and the access cannot be allowed again once it is forbidden.</summary>
    public string? AfterOpening
        => BackupFolder is { } folder ? $"SET allowed_directories = ['{folder.Replace("'", "''", StringComparison.Ordinal)}']; SET enable_external_access = false" : null;
}
