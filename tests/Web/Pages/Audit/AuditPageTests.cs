using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Access;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Audit;

public sealed class AuditPageTests : PageTests
{
    private AuditLog Log => App.Services.GetRequiredService<AuditLog>();

    [Fact]
    public async Task Page_AfterActsOnPages_HasThem()
    {
        await StoreAsync([.. Some.Run(12, 3), .. Some.Run(13, 3)]);
        await PostAsync("/zones", "Add", ("name", "Cellar & more"), ("color", "#112233"));
        await PostAsync("/zones", "Edit", ("id", "1"), ("name", "Cellar"), ("color", "#112233"));
        await PostAsync("/nodes/12", "Edit", ("Form.Name", "Wine"));
        await PostAsync("/nodes/12", "Delete", ("typedName", "Wine"));
        await PostAsync("/zones?edit=1", "Delete", ("id", "1"), ("typedName", "Cellar"));
        await PostAsync("/nodes/delete?first_address=13", "Delete", ("typedCount", "1 node"));

        var page = await ReadPageAsync("/system/audit");

        var rows = Regex.Matches(page.Split("<tbody>")[1], "<tr>.*?</tr>", RegexOptions.Singleline).Select(r => WebUtility.HtmlDecode(Regex.Replace(r.Value, "\\s*<[^>]+>\\s*", "|")))
            .Select(r => Regex.Replace(r, "\\|+", "|")).ToArray();
        Assert.Equal(["node.delete", "zone.delete", "node.delete", "node.edit", "zone.edit", "zone.add"], rows[..6].Select(r => r.Split('|')[3]));
        Assert.Contains("|this machine|node.delete|node 12|done|Wine, readings: 3|127.0.0.1|", rows[2], StringComparison.Ordinal);
        Assert.Contains("|zone.add|zone 1, Cellar & more|done|", rows[5], StringComparison.Ordinal);
        Assert.Contains("|SensorDash|program.start|version ", rows[6], StringComparison.Ordinal);
        Assert.Contains("href=\"/system/audit\"", await ReadPageAsync("/system"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_Refused_ChangesNothingAndLeavesNoEntry()
    {
        await StoreAsync(Some.Run(12, 3));
        using (var mistyped = await PostFormAsync("/nodes/12", "Delete", ("typedName", "x"))) Assert.Equal(HttpStatusCode.UnprocessableEntity, mistyped.StatusCode);

        Assert.Contains("No entries match", await ReadPageAsync("/system/audit?action=node"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_FollowedByTheirLinks_HaveEveryEntryOnce()
    {
        for (var i = 0; i < 230; i++) await Log.RecordAsync("ada", null, "test.run", $"entry {i:000}", AuditOutcome.Done, null);

        var (found, url) = (new List<string>(), "/system/audit?actor=ada");
        for (var isFirst = true; url.Length > 0; isFirst = false)
        {
            var page = await ReadPageAsync(url);
            found.AddRange(Regex.Matches(page, "entry [0-9]{3}").Select(m => m.Value));
            Assert.Equal(!isFirst, page.Contains("First page", StringComparison.Ordinal));
            url = WebUtility.HtmlDecode(Regex.Match(page, "rel=\"next\" href=\"([^\"]+)\"").Groups[1].Value);
        }

        Assert.Equal(Enumerable.Range(0, 230).Reverse().Select(i => $"entry {i:000}"), found);
        Assert.Equal(231, (await Client.GetStringAsync("/system/audit/all.csv?actor=ada")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(101, (await Client.GetStringAsync("/system/audit/list.csv?actor=ada")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Empty_OlderEntries_LeadsToTheLatestThatMatches()
    {
        await Log.RecordAsync("ada", null, "test.run", "x", AuditOutcome.Failed, null);
        App.Clock.Advance(TimeSpan.FromDays(40));

        var page = await ReadPageAsync("/system/audit?outcome=failed");
        var link = WebUtility.HtmlDecode(Regex.Match(page, "href=\"([^\"]+)\">Go to latest entry").Groups[1].Value);

        Assert.Contains("The latest matching entry is of", page, StringComparison.Ordinal);
        Assert.Contains("test.run", await ReadPageAsync(link), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_Invalid_AreNamed()
    {
        var page = await ReadPageAsync("/system/audit?outcome=x&action=A");

        Assert.Contains("outcome must be one of any, done, refused, failed", page, StringComparison.Ordinal);
        Assert.Contains("action must be an action", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_TimesAreOfThePage()
    {
        await Log.RecordAsync("=1+1", "::1", "test.run", "x", AuditOutcome.Done, "a \"b\"");

        Assert.Contains("2026-07-01T21:00:00.000000+09:00,\"'=1+1\",::1,test.run,x,done,\"a \"\"b\"\"\"\n",
            await Client.GetStringAsync("/system/audit/list.csv?range=1h&tz=Asia/Tokyo"), StringComparison.Ordinal);
    }

    private async Task PostAsync(string path, string handler, params (string Name, string Value)[] fields)
    {
        var form = fields.Append(("__RequestVerificationToken", await ReadTokenAsync(path))).ToDictionary(f => f.Item1, f => f.Item2);
        using var response = await Client.PostAsync(path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + $"handler={handler}", new FormUrlEncodedContent(form));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
