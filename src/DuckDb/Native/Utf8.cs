using System.Text;

namespace SensorDash.DuckDb.Native;

internal static class Utf8
{
    /// <summary>Throws <see cref="ArgumentException"/> for what is no Unicode, where the usual encoding would write a replacement
    /// character.</summary>
    internal static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
