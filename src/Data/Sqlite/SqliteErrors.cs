using System.Data.Common;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>Maps SQLite's error codes.</summary>
public sealed class SqliteErrors : IStoreErrors
{
    /// <inheritdoc/>
    Exception IStoreErrors.Translate(DbException error) => error is SqliteException sqlite ? Translate(sqlite) : error;

    internal static Exception Translate(SqliteException error) => Translate(error.SqliteErrorCode, error.Message, error);

    // SQL is constant, so except for the errors of a row an administrator can fix the rest: a locked, full, read-only or damaged file, a missing table.
    internal static Exception Translate(int code, string message, Exception? inner = null) => (code & 0xff) switch
    {
        // SQLITE_CONSTRAINT, MISMATCH, TOOBIG, RANGE: the row is invalid.
        19 or 20 or 18 or 25 => new StoreRejectedException($"SQLite rejected the row (code {code}): {message}", inner),
        9 => new OperationCanceledException("The query was interrupted.", inner),
        11 or 26 => new StoreUnavailableException($"The database is damaged (code {code}): {message}", inner),
        8 => new StoreUnavailableException($"The database is read-only (code {code}): {message}", inner),
        _ => new StoreUnavailableException($"SQLite is temporarily unavailable (code {code}): {message}", inner),
    };
}
