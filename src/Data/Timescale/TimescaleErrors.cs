using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Maps PostgreSQL's SQLSTATE codes.</summary>
public sealed class TimescaleErrors : IStoreErrors
{
    // Classes: connection, authorization, transaction state and rollback, resources, object in use, operator intervention, system error; then a missing
    // database and missing rights. None means that the data is invalid, and an administrator can fix them.
    private static readonly string[] _unavailable = ["08", "28", "25", "40", "53", "55", "57", "58", "3D000", "42501"];

    // Damaged data, damaged index, and a file of the server that is missing, as that of the transaction that a damaged row names.
    private static readonly string[] _damaged = ["XX001", "XX002", "58P01"];

    // A missing table, column or schema. Of the rest, such as an internal error (XX000) or an unsupported feature (0A), a row may be the cause.
    private static readonly string[] _fault = ["42", "3F"];

    // Data exceptions, integrity constraints, program limits, and errors of a trigger: the row is invalid.
    private static readonly string[] _rejected = ["22", "23", "54", "P0001"];

    /// <inheritdoc/>
    Exception IStoreErrors.Translate(Exception error) => IsOfDriver(error) ? Translate(error, CancellationToken.None) : error;

    /// <summary>Whether the driver reports an error. Where a message of the server does not fit, as after a cancellation at a bad moment, its exception has no type of its own.</summary>
    /// <remarks>It has closed the connection then, and the server ends the transaction.</remarks>
    internal static bool IsOfDriver(Exception error) => error is NpgsqlException || error.GetType() == typeof(Exception);

    internal static Exception Translate(Exception error, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException("The query was cancelled.", error, cancellationToken);
        // Without a SQLSTATE the server sent no error: the connection broke, timed out, or the pool was exhausted.
        if (error is not PostgresException { SqlState: var state } serverError)
            return new StoreUnavailableException($"PostgreSQL is temporarily unavailable: {error.Message}", error);
        if (_rejected.Any(prefix => state.StartsWith(prefix, StringComparison.Ordinal)))
            return new StoreRejectedException($"PostgreSQL rejected the row ({state}): {serverError.MessageText}", error);
        // Mostly of locks: each chunk of a transaction needs some, and rows of thousands of days have as many chunks.
        if (state == PostgresErrorCodes.OutOfMemory) return new StoreBatchTooLargeException($"PostgreSQL lacks memory ({state}): {serverError.MessageText}", error);
        if (_damaged.Contains(state)) return new StoreDamagedException($"The database is damaged ({state}): {serverError.MessageText}", error);
        if (_unavailable.Any(prefix => state.StartsWith(prefix, StringComparison.Ordinal)))
            return new StoreUnavailableException($"PostgreSQL is temporarily unavailable ({state}): {serverError.MessageText}", error);
        if (_fault.Any(prefix => state.StartsWith(prefix, StringComparison.Ordinal)))
            return new StoreFaultException($"PostgreSQL failed ({state}): {serverError.MessageText}", error);
        return error;
    }
}
