using System.Text.Json;
using System.Text.Json.Serialization;

namespace SensorDash.Web.Api;

/// <summary>Writes 0.50 as 0.5, so that all engines return the same text for the same number.</summary>
internal sealed class PlainDecimalConverter : JsonConverter<decimal>
{
    // Dividing by a one with all digits drops the trailing zeros.
    private const decimal One = 1.0000000000000000000000000000m;

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => writer.WriteNumberValue(value / One);
}
