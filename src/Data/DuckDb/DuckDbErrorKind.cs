namespace SensorDash.Data.DuckDb;

/// <summary>What a caller can do about an error of DuckDB.</summary>
internal enum DuckDbErrorKind
{
    /// <summary>Any other error, such as invalid SQL or an exceeded memory limit.</summary>
    Other,

    /// <summary>A value violates a constraint or does not fit its column.</summary>
    Rejected,

    /// <summary>The file or the disk cannot be read or written, or the file is not a DuckDB file.</summary>
    IO,

    /// <summary>Another process has the file open.</summary>
    Locked,

    /// <summary>The database is unusable until its last connection is closed and the file is opened again.</summary>
    Fatal,

    /// <summary>DuckDB's native library is missing, or built for another platform.</summary>
    NoLibrary,
}
