using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace SensorDash.Tests.Support;

/// <summary>Reads of a server that may change its store at that moment.</summary>
public static class JsonPoll
{
    /// <returns>Null when the request is broken off, because it is slow while the host ends, or refused for the moment.</returns>
    public static async Task<JsonElement?> TryReadAsync(HttpClient client, string path)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
            return response.StatusCode == HttpStatusCode.ServiceUnavailable ? null : await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        }
        catch (HttpRequestException e) when (e.StatusCode is null)
        {
            return null;
        }
    }
}
