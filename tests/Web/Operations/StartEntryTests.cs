using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using SensorDash.Tests.Support;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Starts and changed settings in the audit log.</summary>
public sealed class StartEntryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_AfterOneWithOtherSettings_NamesThem()
    {
        await ReadAsync(("Ingest:BatchSize", "500"));
        var same = await ReadAsync(("Ingest:BatchSize", "500"));
        var other = await ReadAsync(("Retention:Readings:Default", "90"));

        Assert.Equal(["program.start", "program.start"], same.Select(e => e.GetProperty("action").GetString()));
        Assert.Contains("Ingest:BatchSize=500; ", same[0].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(["program.start", "settings.change", "program.start", "program.start"], other.Select(e => e.GetProperty("action").GetString()));
        Assert.Equal(("SensorDash", "Ingest:BatchSize, Retention:Readings:Default", "Ingest:BatchSize: 500 → default; Retention:Readings:Default: default → 90"),
            (other[1].GetProperty("actor").GetString(), other[1].GetProperty("target").GetString(), other[1].GetProperty("detail").GetString()));
    }

    [Fact]
    public void Text_OfTheFileAsDelivered_IsDefaultSettings()
        => Assert.Equal(SettingsText.Defaults, SettingsText.Of(new ConfigurationBuilder().AddJsonFile(Path.Combine(Repository.Root, "appsettings.json")).Build()));

    private async Task<JsonElement[]> ReadAsync((string Key, string Value) setting)
    {
        await using var app = new SensorDashApp(("Database:Sqlite:Path", _folder.File("a.db")), ("Readings:DuckDb:Path", _folder.File("a.duckdb")), ("Analytics:Enabled", "false"), setting);
        using var client = app.CreateClient();
        return [.. (await client.GetFromJsonAsync<JsonElement>("/api/audit")).GetProperty("entries").EnumerateArray()];
    }
}
