using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Backups;

/// <summary>The page of backups, as a browser without JavaScript uses it, and its API.</summary>
public sealed class BackupsPageTests : PageTests
{
    private const string Page = "/system/backups";

    private string Folder => Path.Combine(Path.GetDirectoryName(App.DatabasePath)!, "backups");

    [Fact]
    public async Task Create_ThenVerify_IsListedAndInTheAuditLog()
    {
        await StoreAsync(Some.Run(12, 100));
        Assert.Contains("No backups yet", await ReadPageAsync(Page), StringComparison.Ordinal);

        using (var created = await PostFormAsync(Page, "Create")) created.EnsureSuccessStatusCode();
        var page = await WaitForPageAsync("<b class=\"live\">verified</b>");
        await WaitForJobAsync("done");
        var name = Path.GetFileName(Assert.Single(Directory.GetDirectories(Folder)));
        using (var verified = await PostFormAsync(Page, "Verify", ("id", name))) verified.EnsureSuccessStatusCode();
        await WaitForPageAsync($"{name} is as it was made.");
        var csv = await Client.GetStringAsync($"{Page}/backups.csv");

        AssertNoInlineCode(page);
        Assert.Contains($"{name},good,", csv, StringComparison.Ordinal);
        Assert.Equal((1, 1), (await ScalarAsync("SELECT count(*) FROM audit_entries WHERE action = 'backup.create' AND outcome = 'done'"),
            await ScalarAsync("SELECT count(*) FROM audit_entries WHERE action = 'backup.verify' AND outcome = 'done'")));
    }

    [Fact]
    public async Task Verify_FlippedBit_ShowsTheDamage()
    {
        using (var created = await Client.PostAsync("/api/backups", null)) Assert.Equal(HttpStatusCode.Accepted, created.StatusCode);
        await WaitForJobAsync("done");
        var folder = Assert.Single(Directory.GetDirectories(Folder));
        var path = Path.Combine(folder, "sensordash.db");
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        using (var verified = await Client.PostAsync($"/api/backups/{Path.GetFileName(folder)}/verify", null)) Assert.Equal(HttpStatusCode.Accepted, verified.StatusCode);
        await WaitForPageAsync("<b class=\"stale\">damaged</b>");
        var response = await WaitForJobAsync("failed");

        Assert.Equal("damaged", Assert.Single(response.GetProperty("backups").EnumerateArray()).GetProperty("state").GetString());
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM audit_entries WHERE action = 'backup.verify' AND outcome = 'failed'"));
    }

    [Fact]
    public async Task Create_FolderThatIsAFile_SaysSoAndTheServerGoesOn()
    {
        await File.WriteAllTextAsync(Folder, "");

        using (var created = await PostFormAsync(Page, "Create")) created.EnsureSuccessStatusCode();
        var page = await WaitForPageAsync("No backup was made");

        Assert.Contains("cannot be used", page, StringComparison.Ordinal);
        Assert.Contains("Backup:Folder", page, StringComparison.Ordinal);
        Assert.Equal(1, await StoreAsync(Some.Reading()));
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM audit_entries WHERE action = 'backup.create' AND outcome = 'failed'"));
    }

    [Fact]
    public async Task Verify_UnknownBackup_IsNotFound()
    {
        using var page = await PostFormAsync(Page, "Verify", ("id", "../test.db"));
        using var api = await Client.PostAsync("/api/backups/..%2ftest.db/verify", null);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (page.StatusCode, api.StatusCode));
    }

    // A job ends a moment after the folder has its result: meanwhile it writes the audit log.
    private async Task<JsonElement> WaitForJobAsync(string state)
    {
        JsonElement response = default;
        await WaitFor.TrueAsync($"the job is {state}", async () =>
            (response = await Client.GetFromJsonAsync<JsonElement>("/api/backups")).GetProperty("job").GetProperty("state").GetString() == state);
        return response;
    }

    private async Task<string> WaitForPageAsync(string text)
    {
        var page = "";
        await WaitFor.TrueAsync($"the page has {text}", async () => (page = WebUtility.HtmlDecode(await ReadPageAsync(Page))).Contains(text, StringComparison.Ordinal));
        return page;
    }
}
