using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>An error that DuckDB reported. Misuse of the driver itself throws the usual argument and state exceptions
/// instead.</summary>
/// <param name="kind">What to decide by.</param>
/// <param name="message">DuckDB's own words, for people.</param>
public sealed class DuckDbException(DuckDbErrorKind kind, string message) : Exception(message)
{
    // Opening and preparing report a text only; DuckDB begins it with its name of the kind. Everywhere else the C API gives the
    // number.
    private static readonly (string Prefix, DuckDbErrorKind Kind)[] _prefixes =
    [
        ("IO Error", DuckDbErrorKind.IO),
        ("Connection Error", DuckDbErrorKind.Connection),
        ("Parser Error", DuckDbErrorKind.Parser),
        ("Syntax Error", DuckDbErrorKind.Syntax),
        ("Binder Error", DuckDbErrorKind.Binder),
        ("Catalog Error", DuckDbErrorKind.Catalog),
        ("Conversion Error", DuckDbErrorKind.Conversion),
        ("Constraint Error", DuckDbErrorKind.Constraint),
        ("Invalid Input Error", DuckDbErrorKind.InvalidInput),
        ("Invalid Configuration Error", DuckDbErrorKind.InvalidConfiguration),
        ("Out of Memory Error", DuckDbErrorKind.OutOfMemory),
        ("Out of Range Error", DuckDbErrorKind.OutOfRange),
        ("Not implemented Error", DuckDbErrorKind.NotImplemented),
        ("Permission Error", DuckDbErrorKind.Permission),
        ("Serialization Error", DuckDbErrorKind.Serialization),
        ("Missing Extension Error", DuckDbErrorKind.MissingExtension),
        ("TransactionContext Error", DuckDbErrorKind.Transaction),
        ("Dependency Error", DuckDbErrorKind.Dependency),
        ("Data Corruption Error", DuckDbErrorKind.DataCorruption),
        ("INTERRUPT Error", DuckDbErrorKind.Interrupt),
        ("INTERNAL Error", DuckDbErrorKind.Internal),
        ("FATAL Error", DuckDbErrorKind.Fatal),
    ];

    public DuckDbErrorKind Kind { get; } = kind;

    internal static DuckDbException FromText(string message)
    {
        foreach (var (prefix, kind) in _prefixes)
        {
            if (message.StartsWith(prefix, StringComparison.Ordinal)) return new DuckDbException(kind, message);
        }
        return new DuckDbException(DuckDbErrorKind.Unknown, message);
    }

    internal static unsafe DuckDbException FromResult(ResultHandle result)
    {
        var message = NativeText.Read(NativeMethods.ResultError(result));
        if (message.Length == 0) message = "DuckDB failed and gave no reason.";
        return new DuckDbException(NativeMethods.ResultErrorType(result), message);
    }

    /// <summary>The exception a caller gets: cancellation when the token asked for the interrupt, else this.</summary>
    internal Exception OrCanceled(CancellationToken cancellationToken) =>
        Kind == DuckDbErrorKind.Interrupt && cancellationToken.IsCancellationRequested
            ? new OperationCanceledException("The query was cancelled.", this, cancellationToken)
            : this;
}
