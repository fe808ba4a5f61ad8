namespace SensorDash.DuckDb;

/// <summary>DuckDB's native library is missing, cannot be loaded, or is of a version this driver does not know. The message says
/// where it was looked for.</summary>
public sealed class DuckDbLibraryException(string message, Exception? inner = null) : Exception(message, inner);
