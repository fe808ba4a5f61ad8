using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// A prepared statement. Bound values stay bound from run to run. For one thread at a time, and not while another thread uses its
/// connection. Binding converts nothing: a value that does not fit its place is refused when the statement runs.
/// </summary>
public sealed unsafe class DuckDbStatement : IDisposable
{
    private readonly StatementHandle _handle;
    private readonly ConnectionHandle _connection;
    private readonly string[] _names;

    internal DuckDbStatement(StatementHandle handle, ConnectionHandle connection)
    {
        _handle = handle;
        _connection = connection;
        _names = new string[NativeMethods.ParameterCount(handle)];
        for (var i = 0; i < _names.Length; i++) _names[i] = NativeText.Take(NativeMethods.ParameterName(handle, (ulong)i + 1));
    }

    /// <summary>Names in index order; a parameter without one is named by its index, "1" and up.</summary>
    public IReadOnlyList<string> ParameterNames => _names;

    /// <summary>1-based index of a parameter.</summary>
    /// <param name="name">Without the dollar sign; case does not matter.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public int IndexOf(string name)
    {
        var index = Array.FindIndex(_names, other => string.Equals(other, name, StringComparison.OrdinalIgnoreCase));
        if (index >= 0) return index + 1;
        var known = _names.Length == 0 ? "it has none" : $"it has {string.Join(", ", _names.Select(other => "$" + other))}";
        throw new ArgumentException($"The statement has no parameter ${name}; {known}.", nameof(name));
    }

    /// <summary>Binds one parameter.</summary>
    /// <param name="index">1 up to the number of parameters.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no parameter of that index.</exception>
    public void Bind(int index, bool value) =>
        Check(index, NativeMethods.BindBoolean(_handle, Known(index), value ? (byte)1 : (byte)0));

    /// <inheritdoc cref="Bind(int, bool)"/>
    public void Bind(int index, int value) => Check(index, NativeMethods.BindInt32(_handle, Known(index), value));

    /// <inheritdoc cref="Bind(int, bool)"/>
    public void Bind(int index, long value) => Check(index, NativeMethods.BindInt64(_handle, Known(index), value));

    /// <inheritdoc cref="Bind(int, bool)"/>
    public void Bind(int index, ulong value) => Check(index, NativeMethods.BindUInt64(_handle, Known(index), value));

    /// <inheritdoc cref="Bind(int, bool)"/>
    public void Bind(int index, double value) => Check(index, NativeMethods.BindDouble(_handle, Known(index), value));

    /// <summary>Binds text, or NULL for null.</summary>
    /// <exception cref="ArgumentException">The text is no Unicode: half of a surrogate pair stands alone.</exception>
    /// <inheritdoc cref="Bind(int, bool)"/>
    public void Bind(int index, string? value)
    {
        if (value is null)
        {
            BindNull(index);
            return;
        }
        var utf8 = Utf8.Strict.GetBytes(value);
        fixed (byte* start = utf8) Check(index, NativeMethods.BindVarchar(_handle, Known(index), start, (ulong)utf8.Length));
    }

    /// <summary>Binds a BLOB; the bytes are copied.</summary>
    /// <inheritdoc cref="Bind(int, bool)"/>
    public void Bind(int index, ReadOnlySpan<byte> value)
    {
        // DuckDB takes a null pointer for a missing value, and an empty span's pointer is null.
        var one = stackalloc byte[1];
        fixed (byte* start = value) Check(
            index, NativeMethods.BindBlob(_handle, Known(index), start == null ? one : start, (ulong)value.Length));
    }

    /// <summary>Binds a TIMESTAMP (without time zone).</summary>
    /// <param name="microseconds">Since 1970-01-01.</param>
    /// <inheritdoc cref="Bind(int, bool)"/>
    public void BindTimestamp(int index, long microseconds) =>
        Check(index, NativeMethods.BindTimestamp(_handle, Known(index), new NativeTimestamp(microseconds)));

    /// <summary>Binds NULL.</summary>
    /// <inheritdoc cref="Bind(int, bool)"/>
    public void BindNull(int index) => Check(index, NativeMethods.BindNull(_handle, Known(index)));

    /// <summary>Binds one parameter by name; see <see cref="IndexOf"/>.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public void Bind(string name, bool value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void Bind(string name, int value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void Bind(string name, long value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void Bind(string name, ulong value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void Bind(string name, double value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void Bind(string name, string? value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void Bind(string name, ReadOnlySpan<byte> value) => Bind(IndexOf(name), value);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void BindTimestamp(string name, long microseconds) => BindTimestamp(IndexOf(name), microseconds);

    /// <inheritdoc cref="Bind(string, bool)"/>
    public void BindNull(string name) => BindNull(IndexOf(name));

    /// <summary>Unbinds all parameters; each must be bound again before the next run.</summary>
    public void ClearBindings() => NativeMethods.ClearBindings(_handle);

    /// <summary>Runs the statement and drops what it returns.</summary>
    /// <returns>Rows inserted, updated or deleted; 0 for any other statement.</returns>
    /// <exception cref="DuckDbException">It failed; <see cref="DuckDbErrorKind.InvalidInput"/> also when a parameter is not
    /// bound.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; see <see cref="DuckDbConnection"/>'s
    /// remarks.</exception>
    public long Execute(CancellationToken cancellationToken)
    {
        using var result = Query(cancellationToken);
        return result.RowsChanged;
    }

    /// <summary>Runs the statement; its rows are the result, all of them in memory. The result outlives the statement.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public DuckDbResult Query(CancellationToken cancellationToken) =>
        DuckDbResult.Run(_connection, _handle, NativeMethods.ExecutePrepared, cancellationToken);

    /// <summary>Runs the statement and computes its rows while they are read, in constant memory. Anything else run on the
    /// connection ends the result.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public DuckDbResult QueryStreaming(CancellationToken cancellationToken) =>
        DuckDbResult.Run(_connection, _handle, NativeMethods.ExecutePreparedStreaming, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private ulong Known(int index)
    {
        if (index >= 1 && index <= _names.Length) return (ulong)index;
        throw new ArgumentOutOfRangeException(
            nameof(index), index, $"The statement has {_names.Length} parameter(s), counted from 1.");
    }

    private void Check(int index, NativeState state)
    {
        if (state == NativeState.Success) return;
        var reason = NativeText.Read(NativeMethods.PrepareError(_handle));
        throw new DuckDbException(
            DuckDbErrorKind.InvalidInput, $"Parameter {index} (${_names[index - 1]}) was not bound. {reason}");
    }
}
