using System.Text.Json;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Requests;

/// <summary>Texts in JSON of a client. An escape such as \ud800 alone is valid JSON but no text: reading it throws.</summary>
internal static class JsonText
{
    /// <summary>The error of a name that cannot be read.</summary>
    public const string UnpairedName = AName + IsUnpaired;

    private const string AName = "a field name";
    private const string IsUnpaired = " contains an unpaired surrogate";

    /// <summary>The error of the first member of an object whose name or value has an unpaired surrogate; null if there is none.</summary>
    public static string? FindUnpaired(JsonElement body)
    {
        var name = AName;
        try
        {
            foreach (var member in body.EnumerateObject())
            {
                name = OutsideText.Shown(member.Name);
                Read(member.Value);
                name = AName;
            }
            return null;
        }
        catch (InvalidOperationException)
        {
            return name + IsUnpaired;
        }
    }

    private static void Read(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var element in value.EnumerateArray()) Read(element);
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    _ = member.Name;
                    Read(member.Value);
                }
                break;
        }
    }
}
