using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>A small JSON object that distinguishes an absent field, null and a value.</summary>
internal sealed class JsonObjectBody
{
    private const int MaxLength = 64 * 1024;

    private readonly JsonElement _object;
    private readonly Dictionary<string, string[]> _errors = [];

    private JsonObjectBody(JsonElement body) => _object = body;

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    /// <summary>Reads the body: 415 for another media type, 413 when too large, 400 when it is not a JSON object.</summary>
    public static async Task<(JsonObjectBody? Body, ProblemHttpResult? Problem)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
            return (null, Problems.Create(StatusCodes.Status415UnsupportedMediaType, "the Content-Type must be application/json"));
        if (IngestRequest.RejectEncoding(request) is { } encoding) return (null, encoding);
        if (request.ContentLength > MaxLength) return (null, TooLarge());
        var buffer = new byte[MaxLength + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxLength) return (null, TooLarge());
        if (!Utf8.IsValid(buffer.AsSpan(0, length))) return (null, Problems.Create(StatusCodes.Status400BadRequest, "the body is not valid UTF-8"));
        try
        {
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return InvalidMember(document.RootElement) is { } error
                    ? (null, Problems.Create(StatusCodes.Status400BadRequest, error)) : (new(document.RootElement.Clone()), null);
            }
        }
        catch (JsonException e)
        {
            return (null, Problems.Create(StatusCodes.Status400BadRequest,
                $"the body is not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}"));
        }
        return (null, Problems.Create(StatusCodes.Status400BadRequest, "the body must be a JSON object"));
    }

    public bool Has(string name) => _object.TryGetProperty(name, out _);

    /// <returns>False when the field is absent or, with an error, not a string.</returns>
    public bool Text(string name, out string? value)
    {
        value = null;
        if (!_object.TryGetProperty(name, out var member)) return false;
        if (member.ValueKind == JsonValueKind.Null) return true;
        if (member.ValueKind == JsonValueKind.String)
        {
            value = member.GetString();
            return true;
        }
        _errors[name] = ["must be a string or null"];
        return false;
    }

    /// <returns>False when the field is absent or, with an error, not an integer. "" counts as null.</returns>
    public bool Whole(string name, out int? value)
    {
        value = null;
        if (!_object.TryGetProperty(name, out var member)) return false;
        if (member.ValueKind == JsonValueKind.Null || (member.ValueKind == JsonValueKind.String && member.GetString() is "")) return true;
        if (member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number))
        {
            value = number;
            return true;
        }
        _errors[name] = ["must be an integer or null"];
        return false;
    }

    private static string? InvalidMember(JsonElement body)
    {
        if (JsonText.FindUnpaired(body) is { } unpaired) return unpaired;
        var names = new HashSet<string>();
        foreach (var member in body.EnumerateObject())
            if (!names.Add(member.Name)) return $"{OutsideText.Shown(member.Name)} must be given only once";
        return null;
    }

    private static ProblemHttpResult TooLarge()
        => Problems.Create(StatusCodes.Status413PayloadTooLarge, $"the body must be at most {MaxLength} bytes");
}
