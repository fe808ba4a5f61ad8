using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace SensorDash.Data.DuckDb;

/// <summary>An error of DuckDB. Misuse of the adapter throws argument and state exceptions instead.</summary>
/// <param name="kind">Classifies the error for the caller.</param>
/// <param name="message">DuckDB's message, for users.</param>
/// <param name="innerException">The driver's exception.</param>
internal sealed class DuckDbException(DuckDbErrorKind kind, string message, Exception? innerException = null) : Exception(message, innerException)
{
    private const string OpenPrefix = "DuckDBOpen failed: ";
    private const string ConnectMessage = "DuckDBConnect failed";

    // Missing in the driver's enumeration.
    private const DuckDBErrorType DataCorruption = (DuckDBErrorType)43;

    // The driver returns the type of most errors; for errors of opening and preparing only a text, which starts with DuckDB's name of the type.
    private static readonly (DuckDBErrorType Type, string Prefix, DuckDbErrorKind Kind)[] _kinds =
    [
        (DuckDBErrorType.Constraint, "Constraint Error", DuckDbErrorKind.Rejected),
        (DuckDBErrorType.Conversion, "Conversion Error", DuckDbErrorKind.Rejected),
        (DuckDBErrorType.OutOfRange, "Out of Range Error", DuckDbErrorKind.Rejected),
        (DuckDBErrorType.Io, "IO Error", DuckDbErrorKind.IO),
        (DuckDBErrorType.Serialization, "Serialization Error", DuckDbErrorKind.IO),
        (DataCorruption, "Data Corruption Error", DuckDbErrorKind.IO),
        (DuckDBErrorType.Fatal, "FATAL Error", DuckDbErrorKind.Fatal),
        (DuckDBErrorType.Internal, "INTERNAL Error", DuckDbErrorKind.Fatal),
    ];

    public DuckDbErrorKind Kind { get; } = kind;

    /// <summary>The product's exception for an exception of the driver, or null for any other exception.</summary>
    public static Exception? Translate(Exception error, CancellationToken cancellationToken) => error switch
    {
        _ when IsInterrupt(error) => Interrupted(error, cancellationToken),
        DuckDBException { Message: ConnectMessage }
            => new DuckDbException(DuckDbErrorKind.Fatal, "Cannot connect: an earlier error was fatal.", error),
        DuckDBException e => Of(e),
        TypeInitializationException or DllNotFoundException or BadImageFormatException => new DuckDbException(
            DuckDbErrorKind.NoLibrary,
            "DuckDB's native library must be beside the program, and for this platform; publish with the platform's runtime identifier. "
            + error.GetBaseException().Message, error),
        _ => null,
    };

    /// <summary>The product's exception for an error of DuckDB's C interface.</summary>
    public static Exception Of(DuckDBErrorType type, string message, CancellationToken cancellationToken)
        => type == DuckDBErrorType.Interrupt || IsInterrupt(message) ? Interrupted(null, cancellationToken) : new DuckDbException(KindOf(type, message), message);

    // An error in one of DuckDB's threads interrupts the others, and DuckDB may report the interrupt instead of the error.
    private static Exception Interrupted(Exception? error, CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested
        ? new OperationCanceledException("The query was cancelled.", error, cancellationToken)
        : new DuckDbException(DuckDbErrorKind.Other, "DuckDB stopped the query after an error in another of its threads.", error);

    private static DuckDbException Of(DuckDBException error)
    {
        var message = error.Message.StartsWith(OpenPrefix, StringComparison.Ordinal) ? error.Message[OpenPrefix.Length..] : error.Message;
        return new(KindOf(error.ErrorType, message), message, error);
    }

    private static DuckDbErrorKind KindOf(DuckDBErrorType type, string message)
    {
        var kind = Array.Find(_kinds, k => type == DuckDBErrorType.Invalid ? message.StartsWith(k.Prefix, StringComparison.Ordinal) : type == k.Type).Kind;
        return kind == DuckDbErrorKind.IO && IsLock(message) ? DuckDbErrorKind.Locked : kind;
    }

    // The driver has a separate exception for an interrupt, but not when a statement is prepared or rows are appended.
    private static bool IsInterrupt(Exception error)
        => error is OperationCanceledException or DuckDBException { ErrorType: DuckDBErrorType.Interrupt }
            || (error is DuckDBException && IsInterrupt(error.Message));

    // Preparing a statement returns only a text.
    private static bool IsInterrupt(string message) => message.StartsWith("INTERRUPT Error", StringComparison.Ordinal);

    // Linux and macOS; Windows. DuckDB has no separate type for it.
    private static bool IsLock(string message)
        => message.Contains("Could not set lock", StringComparison.Ordinal) || message.Contains("used by another process", StringComparison.Ordinal);
}
