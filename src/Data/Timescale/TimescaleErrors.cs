using System.Data.Common;
using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Maps PostgreSQL's SQLSTATE codes.</summary>
public sealed class TimescaleErrors : IStoreErrors
{
    // Classes: connection, authorization, transaction state and rollback, resources, object in use, operator intervention, system error; missing
    // rights, tables and columns; a missing database or schema; configuration file; damaged data and indexes. None means that the data is invalid, and an
    // administrator can fix them. Of the rest, such as an internal error (XX000) or an unsupported feature (0A), a row may be the cause.
    private static readonly string[] _unavailable = ["08", "28", "25", "40", "53", "55", "57", "58", "42", "3D", "3F", "F0", "XX001", "XX002"];

    // Data exceptions, integrity constraints, program limits, and errors of a trigger: the row is invalid.
    private static readonly string[] _rejected = ["22", "23", "54", "P0001"];

    /// <inheritdoc/>
    Exception IStoreErrors.Translate(DbException error) => error is NpgsqlException npgsql ? Translate(npgsql, CancellationToken.None) : error;

    internal static Exception Translate(NpgsqlException error, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException("The query was cancelled.", error, cancellationToken);
        // Without a SQLSTATE the server sent no error: the connection broke, timed out, or the pool was exhausted.
        if (error is not PostgresException { SqlState: var state } serverError)
            return new StoreUnavailableException($"PostgreSQL is temporarily unavailable: {error.Message}", error);
        if (_rejected.Any(prefix => state.StartsWith(prefix, StringComparison.Ordinal)))
            return new StoreRejectedException($"PostgreSQL rejected the row ({state}): {serverError.MessageText}", error);
        if (_unavailable.Any(prefix => state.StartsWith(prefix, StringComparison.Ordinal)))
            return new StoreUnavailableException($"PostgreSQL is temporarily unavailable ({state}): {serverError.MessageText}", error);
        return error;
    }
}
