using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static unsafe class NativeText
{
    /// <summary>A copy of zero-terminated UTF-8 text that stays the library's; empty when there is none.</summary>
    internal static string Read(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>A copy of zero-terminated UTF-8 text that was ours to free, and is freed.</summary>
    internal static string Take(byte* text)
    {
        var copy = Read(text);
        NativeMethods.Free(text);
        return copy;
    }

    /// <summary>Refuses text that C would cut off at a zero character.</summary>
    internal static string Whole(string text, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(text, parameterName);
        var zero = text.IndexOf('\0', StringComparison.Ordinal);
        if (zero >= 0)
            throw new ArgumentException($"The text has a zero character at {zero}; C would end it there.", parameterName);
        return text;
    }
}
