using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>A column's logical type with its parameters. Immutable.</summary>
public sealed class DuckDbColumnType
{
    private DuckDbColumnType(DuckDbType type) => Type = type;

    public DuckDbType Type { get; }

    /// <summary>Digits of a DECIMAL, 1 to 38; else 0.</summary>
    public int DecimalWidth { get; private init; }

    /// <summary>Digits of a DECIMAL behind the point, 0 to <see cref="DecimalWidth"/>; else 0.</summary>
    public int DecimalScale { get; private init; }

    /// <summary>What a LIST holds; else null.</summary>
    public DuckDbColumnType? Element { get; private init; }

    /// <summary>The texts of an ENUM, in index order; else empty.</summary>
    public IReadOnlyList<string> EnumValues { get; private init; } = [];

    internal Storage Storage { get; private init; }

    /// <summary>For messages: "DECIMAL(9,2)" as "Decimal(9,2)", a list as "Integer[]".</summary>
    public override string ToString() => Type switch
    {
        DuckDbType.Decimal => $"Decimal({DecimalWidth},{DecimalScale})",
        DuckDbType.List => $"{Element}[]",
        _ => Type.ToString(),
    };

    internal static unsafe DuckDbColumnType Read(LogicalTypeHandle handle)
    {
        var type = NativeMethods.GetTypeId(handle);
        switch (type)
        {
            case DuckDbType.Decimal:
                return new DuckDbColumnType(type)
                {
                    DecimalWidth = NativeMethods.DecimalWidth(handle),
                    DecimalScale = NativeMethods.DecimalScale(handle),
                    Storage = Storages.Of(NativeMethods.DecimalInternalType(handle)),
                };
            case DuckDbType.List:
                using (var element = new LogicalTypeHandle(NativeMethods.ListChildType(handle)))
                    return new DuckDbColumnType(type) { Element = Read(element), Storage = Storage.List };
            case DuckDbType.Enum:
                var values = new string[NativeMethods.EnumDictionarySize(handle)];
                for (var i = 0; i < values.Length; i++)
                    values[i] = NativeText.Take(NativeMethods.EnumDictionaryValue(handle, (ulong)i));
                var indices = Storages.Of(NativeMethods.EnumInternalType(handle));
                return new DuckDbColumnType(type) { EnumValues = values, Storage = indices };
            default:
                return new DuckDbColumnType(type) { Storage = Storages.Of(type) };
        }
    }
}
