using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages.SystemStatus;

public sealed class SystemPageTests : ApiTests
{
    protected override bool HasSidePath => true;

    [Fact]
    public async Task System_AfterIngest_ShowsStoreRatesAndRetention()
    {
        using var sent = await PostAsync("/api/sensor-data", """{"node_address": 1, "timestamp": 1782907200, "temperature_celsius": 1}""");
        sent.EnsureSuccessStatusCode();

        var page = await Client.GetStringAsync("/system");

        Assert.Contains("SQLite 3.", page, StringComparison.Ordinal);
        Assert.Contains($"<code>{Path.GetFileName(App.DatabasePath)}</code>", page, StringComparison.Ordinal);
        Assert.Contains("1 reading stored", page, StringComparison.Ordinal);
        Assert.Contains("kept forever", page, StringComparison.Ordinal);
        Assert.Contains("<td><data value=\"0.02\">0.02</data></td>", page, StringComparison.Ordinal); // One row in a minute.
    }

    [Fact]
    public async Task System_StoreAway_SaysSoAndShowsTheRest()
    {
        await StoreAsync(Some.Reading());
        await using var held = await App.LockAsync();

        var page = await Client.GetStringAsync("/system");

        Assert.Contains("Ingest", page, StringComparison.Ordinal);
        Assert.Contains("Process", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task System_DuckDbStore_ShowsBothFiles()
    {
        await using var app = new SensorDashApp(("Readings:Backend", "DuckDb"), ("Retention:Readings:Default", "90"));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Some.Reading(), Some.Reading(time: Some.Noon - (40 * 86_400)));

        var page = await client.GetStringAsync("/system");

        Assert.Contains("SQLite 3.", page, StringComparison.Ordinal);
        Assert.Contains("DuckDB 1.", page, StringComparison.Ordinal);
        Assert.Contains("2 months", page, StringComparison.Ordinal);
        Assert.Contains("<td>90 days</td>", page, StringComparison.Ordinal);
        Assert.StartsWith("setting,days,rows_due,bytes_due_estimated,kept_from,oldest\nRetention:Readings:Default,90,0,0,2026-04-02T00:00:00Z,", await client.GetStringAsync("/system?handler=Table&table=retention"), StringComparison.Ordinal);
    }
}
