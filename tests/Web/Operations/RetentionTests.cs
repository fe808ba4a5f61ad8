using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Readings older than they shall be kept go away by themselves, in the store and wherever it is followed.</summary>
public sealed class RetentionTests
{
    private const long Day = 86_400;

    [Theory]
    [InlineData("Database")]
    [InlineData("DuckDb")]
    public async Task Retention_SevenDays_RemovesOlderReadingsFromStoreAndAnalytics(string backend)
    {
        await using var app = new SensorDashApp(("Retention:ReadingDays", "7"), ("Readings:Backend", backend));
        using var client = app.CreateClient();
        await app.Store.AddAsync([.. from day in Enumerable.Range(0, 7) select Reading(1, Noon - (day * Day))]);
        Assert.Equal(7, (await DaysAsync(client)).GetArrayLength());

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromHours(1));
        app.Clock.Advance(TimeSpan.FromDays(3));
        while (await app.Store.CountAsync(default, default) > 5) await Task.Delay(10);

        var days = await DaysAsync(client);
        Assert.Equal(5, days.GetArrayLength());
        Assert.Equal(5, (await app.Store.FindNodeAsync(1, default))!.TotalReadings);
        Assert.Equal(Noon - (4 * Day), (await app.Store.AllAsync(ReadingOrder.OldestFirst))[0].Timestamp);
        Assert.Equal("ready", (await client.GetFromJsonAsync<JsonElement>("/api/system/analytics")).GetProperty("state").GetString());
    }

    private static async Task<JsonElement> DaysAsync(HttpClient client)
    {
        var uri = string.Create(CultureInfo.InvariantCulture, $"/api/nodes/1/statistics/daily?limit=1000&start={Noon - (365 * Day)}&end={Noon}");
        return (await client.GetFromJsonAsync<JsonElement>(uri)).EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value;
    }
}
