using System.Net;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Move;

/// <summary>An import into PostgreSQL.</summary>
public sealed class MovePageTimescaleTests : PageTests, IDisposable
{
    private readonly TemporaryFolder _folder;

    public MovePageTimescaleTests()
        : this(new())
    {
    }

    private MovePageTimescaleTests(TemporaryFolder folder)
        : base(("Transfer:ImportFolder", folder.Path)) => _folder = folder;

    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Import_IntoPostgreSql_IsVerifiedAndReported()
    {
        FormerHubFile.Create(_folder.File("hub.db"), 10);
        var page = await ReadPageAsync("/system/move");
        var target = WebUtility.HtmlDecode(page.Split("<select name=\"target\">")[1].Split("value=\"")[1].Split('"')[0]);
        Assert.Contains(" on ", target, StringComparison.Ordinal);
        var choice = $"/system/move?source=hub.db&target={Uri.EscapeDataString(target)}";
        Assert.Contains("10 readings", await ReadPageAsync(choice), StringComparison.Ordinal);

        using var started = await Client.PostAsync($"{choice}&handler=Start", new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", await ReadTokenAsync(choice))]));
        started.EnsureSuccessStatusCode();
        await WaitFor.TrueAsync("the import is verified", async () => (await ReadPageAsync("/system/move")).Contains("verified, every row is equal", StringComparison.Ordinal));

        Assert.Equal(10, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Contains("\"isEqual\": true", await Client.GetStringAsync($"/system/move?handler=Report&of={Uri.EscapeDataString(target)}&id=1"), StringComparison.Ordinal);
    }
}
