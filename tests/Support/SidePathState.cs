using System.Text.Json;

namespace SensorDash.Tests.Support;

/// <summary>The DuckDB side path of a hub, through the API.</summary>
public static class SidePathState
{
    /// <summary>Completes when the hub reports that its side path is in this state.</summary>
    /// <param name="meanwhile">Runs before each check after the first.</param>
    public static async Task WaitForSidePathAsync(this HttpClient hub, string state, Action? meanwhile = null)
    {
        await WaitFor.TrueAsync($"a side path that is {state}", async () =>
        {
            var status = JsonSerializer.Deserialize<JsonElement>(await hub.GetStringAsync(new Uri("/api/system/analytics", UriKind.Relative)));
            if (status.GetProperty("state").GetString() == state) return true;
            meanwhile?.Invoke();
            return false;
        });
    }
}
