using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

/// <summary>duckdb_state.</summary>
internal enum NativeState
{
    Success = 0,
    Error = 1,
}

/// <summary>duckdb_timestamp: microseconds since 1970-01-01.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeTimestamp(long microseconds)
{
    public readonly long Microseconds = microseconds;
}

/// <summary>duckdb_result: 48 bytes that callers own; only the last field still has a meaning.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeResult
{
    private ulong _columnCount;
    private ulong _rowCount;
    private ulong _rowsChanged;
    private nint _columns;
    private nint _errorMessage;
    private nint _internalData;
}
