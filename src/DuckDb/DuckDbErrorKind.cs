namespace SensorDash.DuckDb;

/// <summary>What kind of error DuckDB reports. The numbers are the C API's.</summary>
public enum DuckDbErrorKind
{
    /// <summary>DuckDB gave no kind, or one that this driver does not know.</summary>
    Unknown = 0,
    OutOfRange = 1,
    /// <summary>A value does not fit the type it is cast to.</summary>
    Conversion = 2,
    UnknownType = 3,
    Decimal = 4,
    MismatchType = 5,
    DivideByZero = 6,
    ObjectSize = 7,
    InvalidType = 8,
    Serialization = 9,
    /// <summary>The transaction cannot go on: a conflict with another one, or an earlier error spoiled it.</summary>
    Transaction = 10,
    NotImplemented = 11,
    Expression = 12,
    /// <summary>No such table, function or schema, or one of that name exists already.</summary>
    Catalog = 13,
    /// <summary>The SQL text cannot be parsed.</summary>
    Parser = 14,
    Planner = 15,
    Scheduler = 16,
    Executor = 17,
    /// <summary>A primary key, unique, not-null, check or foreign-key constraint was violated.</summary>
    Constraint = 18,
    Index = 19,
    Stat = 20,
    /// <summary>Also: the file is open in this process with other options.</summary>
    Connection = 21,
    Syntax = 22,
    Settings = 23,
    /// <summary>No such column, or types that do not fit an operator.</summary>
    Binder = 24,
    Network = 25,
    Optimizer = 26,
    NullPointer = 27,
    /// <summary>The file cannot be read, written or locked, or is no DuckDB file.</summary>
    IO = 28,
    /// <summary>The query was interrupted by <see cref="DuckDbConnection.Interrupt"/>.</summary>
    Interrupt = 29,
    /// <summary>The database is unusable until it is opened again.</summary>
    Fatal = 30,
    /// <summary>A bug in DuckDB.</summary>
    Internal = 31,
    InvalidInput = 32,
    /// <summary>The memory limit was reached and nothing could be moved to disk.</summary>
    OutOfMemory = 33,
    Permission = 34,
    ParameterNotResolved = 35,
    ParameterNotAllowed = 36,
    Dependency = 37,
    Http = 38,
    MissingExtension = 39,
    Autoload = 40,
    Sequence = 41,
    InvalidConfiguration = 42,
    DataCorruption = 43,
}
