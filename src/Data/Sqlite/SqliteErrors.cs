using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>Maps SQLite's error codes.</summary>
public sealed class SqliteErrors : IStoreErrors
{
    /// <inheritdoc/>
    Exception IStoreErrors.Translate(Exception error) => error is SqliteException sqlite ? Translate(sqlite) : error;

    internal static Exception Translate(SqliteException error) => Translate(error.SqliteErrorCode, error.Message, error);

    internal static Exception Translate(int code, string message, Exception? inner = null) => (code & 0xff) switch
    {
        // SQLITE_BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN, PROTOCOL: all are transient.
        5 or 6 or 7 or 10 or 13 or 14 or 15 => new StoreUnavailableException($"SQLite is temporarily unavailable (code {code}): {message}", inner),
        // READONLY; CORRUPT, NOTADB: until an administrator has fixed the file.
        8 => new StoreUnavailableException($"The database is read-only (code {code}): {message}", inner),
        11 or 26 => new StoreDamagedException($"The database is damaged (code {code}): {message}", inner),
        // CONSTRAINT, MISMATCH, TOOBIG, RANGE: the row is invalid.
        19 or 20 or 18 or 25 => new StoreRejectedException($"SQLite rejected the row (code {code}): {message}", inner),
        9 => new OperationCanceledException("The query was interrupted.", inner),
        // SQL is constant, so no row is the cause.
        _ => new StoreFaultException($"SQLite failed (code {code}): {message}", inner),
    };
}
