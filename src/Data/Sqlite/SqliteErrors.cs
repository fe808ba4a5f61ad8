using System.Data.Common;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>Maps SQLite's error codes.</summary>
public sealed class SqliteErrors : IStoreErrors
{
    // SQLITE_BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN, PROTOCOL: all are transient.
    private static readonly HashSet<int> _transient = [5, 6, 7, 10, 13, 14, 15];

    /// <inheritdoc/>
    Exception IStoreErrors.Translate(DbException error) => error is SqliteException sqlite ? Translate(sqlite) : error;

    internal static Exception Translate(SqliteException error) => Translate(error.SqliteErrorCode, error.Message, error);

    internal static Exception Translate(int code, string message, Exception? inner = null) => (code & 0xff) switch
    {
        var primary when _transient.Contains(primary)
            => new StoreUnavailableException($"SQLite is temporarily unavailable (code {code}): {message}", inner),
        // SQLITE_CONSTRAINT, MISMATCH, TOOBIG, RANGE: the row is invalid.
        19 or 20 or 18 or 25 => new StoreRejectedException($"SQLite rejected the row (code {code}): {message}", inner),
        9 => new OperationCanceledException("The query was interrupted.", inner),
        _ => inner ?? new InvalidOperationException($"SQLite failed (code {code}): {message}"),
    };
}
