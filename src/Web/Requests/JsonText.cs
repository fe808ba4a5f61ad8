using System.Text.Json;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Requests;

/// <summary>Texts in JSON of a client. An escape such as \ud800 alone is valid JSON but no text: reading it throws.</summary>
internal static class JsonText
{
    /// <summary>The first member of an object whose name or value has an unpaired surrogate, for the message; null if there is none.</summary>
    public static string? FindUnpaired(JsonElement body)
    {
        var name = "a field name";
        try
        {
            foreach (var member in body.EnumerateObject())
            {
                name = OutsideText.Shown(member.Name);
                Read(member.Value);
                name = "a field name";
            }
            return null;
        }
        catch (InvalidOperationException)
        {
            return name;
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
