using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

/// <summary>
/// A native object and a share in its parent: whatever order things are disposed or finalized in, DuckDB frees the child first,
/// and a parent that was disposed lives on until its last child is gone.
/// </summary>
internal abstract class DuckDbHandle : SafeHandle
{
    private readonly SafeHandle? _parent;

    /// <param name="value">Not zero.</param>
    protected DuckDbHandle(nint value, SafeHandle? parent)
        : base(0, ownsHandle: true)
    {
        var shared = false;
        parent?.DangerousAddRef(ref shared);
        _parent = parent;
        SetHandle(value);
    }

    public sealed override bool IsInvalid => handle == 0;

    protected abstract void Destroy(ref nint value);

    protected sealed override bool ReleaseHandle()
    {
        Destroy(ref handle);
        _parent?.DangerousRelease();
        return true;
    }
}

internal sealed class ConfigHandle(nint value) : DuckDbHandle(value, null)
{
    protected override void Destroy(ref nint value) => NativeMethods.DestroyConfig(ref value);
}

internal sealed class DatabaseHandle(nint value) : DuckDbHandle(value, null)
{
    protected override void Destroy(ref nint value) => NativeMethods.Close(ref value);
}

internal sealed class ConnectionHandle(nint value, DatabaseHandle database) : DuckDbHandle(value, database)
{
    protected override void Destroy(ref nint value) => NativeMethods.Disconnect(ref value);
}

internal sealed class StatementHandle(nint value, ConnectionHandle connection) : DuckDbHandle(value, connection)
{
    protected override void Destroy(ref nint value) => NativeMethods.DestroyPrepare(ref value);
}

internal sealed class DataChunkHandle(nint value, SafeHandle parent) : DuckDbHandle(value, parent)
{
    protected override void Destroy(ref nint value) => NativeMethods.DestroyDataChunk(ref value);
}

internal sealed class LogicalTypeHandle(nint value) : DuckDbHandle(value, null)
{
    protected override void Destroy(ref nint value) => NativeMethods.DestroyLogicalType(ref value);
}

internal sealed class AppenderHandle(nint value, ConnectionHandle connection) : DuckDbHandle(value, connection)
{
    protected override void Destroy(ref nint value)
    {
        // Destroy alone would write what is left, also when an exception is the reason for the disposal.
        NativeMethods.ClearAppender(value);
        NativeMethods.DestroyAppender(ref value);
    }
}

/// <summary>The duckdb_result struct in native memory of its own, so that its address never moves.</summary>
internal sealed unsafe class ResultHandle(ConnectionHandle connection)
    : DuckDbHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(NativeResult)), connection)
{
    /// <summary>The struct, for functions that take it by value. The caller holds a reference on this handle.</summary>
    internal NativeResult Value => *(NativeResult*)handle;

    protected override void Destroy(ref nint value)
    {
        NativeMethods.DestroyResult((NativeResult*)value);
        NativeMemory.Free((void*)value);
        value = 0;
    }
}
