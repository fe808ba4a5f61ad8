using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Access;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

/// <summary>The audit log over HTTP, and what gets into it.</summary>
public class AuditApiTests : ApiTests
{
    [SkippableFact]
    public async Task Log_AfterActsOfTheApi_HasEachOnceWithItsActor()
    {
        await StoreAsync([.. Some.Run(12, 3), Some.Reading(13)]);
        await SendAsync(PostAsync("/api/zones", """{"name": "Cellar", "color": "#112233"}"""));
        await SendAsync(PutAsync("/api/zones/1", """{"description": "below"}"""));
        await SendAsync(PutAsync("/api/nodes/12/metadata", """{"name": "Wine", "notes": "secret"}"""));
        await SendAsync(PutAsync("/api/nodes/12/zone", """{"zone_id": 1}"""));
        await SendAsync(Client.DeleteAsync("/api/zones/1"));
        await SendAsync(Client.DeleteAsync("/api/nodes/12"));
        await SendAsync(Client.DeleteAsync("/api/nodes?first_address=13&max_readings=5"));
        await SendAsync(Client.PostAsync("/api/system/analytics/rebuild", null));
        await SendAsync(Client.DeleteAsync("/api/transfers"));
        await SendAsync(Client.PostAsync("/api/transfers", null));

        var log = await GetAsync("/api/audit?limit=10");

        Assert.Equal(["dual_write.resume", "dual_write.pause", "side_path.rebuild", "node.delete", "node.delete", "zone.delete", "node.edit", "node.edit", "zone.edit", "zone.add"], Each(log.GetProperty("entries"), "action"));
        Assert.All(log.GetProperty("entries").EnumerateArray(), e => Assert.Equal(("this machine", "127.0.0.1", "done", Noon),
            (e.GetProperty("actor").GetString(), e.GetProperty("address").GetString(), e.GetProperty("outcome").GetString(), e.GetProperty("at").GetInt64())));
        Assert.Equal(["nodes from 13, at most 5 readings", "node 12", "zone 1, Cellar", "node 12", "node 12", "zone 1, Cellar", "zone 1, Cellar"], Each(log.GetProperty("entries"), "target").Skip(3));
        Assert.Equal("nodes: 1, readings: 1", Each(log.GetProperty("entries"), "detail").ElementAt(3));
        Assert.DoesNotContain("secret", log.GetRawText(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Log_ActsThatChangeNothing_AreNotInIt()
    {
        foreach (var asking in (Task<HttpResponseMessage>[])[
            Client.DeleteAsync("/api/zones/9"), Client.DeleteAsync("/api/nodes/9"), PutAsync("/api/zones/9", "{}"), PutAsync("/api/nodes/9/metadata", "{}"), Client.DeleteAsync("/api/nodes"),
            PostAsync("/api/zones", """{"name": ""}"""), Client.PostAsync("/api/transfers/cutover", null), Client.PostAsync("/api/transfers/finish", null)])
        {
            using var response = await asking;
            Assert.False(response.IsSuccessStatusCode);
        }

        Assert.Equal(["program.start"], Each((await GetAsync("/api/audit")).GetProperty("entries"), "action"));
    }

    [SkippableFact]
    public async Task Pages_ByCursor_HaveEveryEntryOnce()
    {
        for (var i = 1; i <= 5; i++) await SendAsync(PostAsync("/api/zones", $$"""{"name": "Zone {{i}}"}"""));

        var (targets, cursor) = (new List<string?>(), (string?)"");
        while (cursor is not null)
        {
            var page = await GetAsync($"/api/audit?action=zone&limit=2&cursor={cursor}");
            targets.AddRange(Each(page.GetProperty("entries"), "target"));
            Assert.Equal(page.GetProperty("entries").GetArrayLength(), page.GetProperty("count").GetInt32());
            cursor = page.GetProperty("next").GetString();
        }

        Assert.Equal(["zone 5, Zone 5", "zone 4, Zone 4", "zone 3, Zone 3", "zone 2, Zone 2", "zone 1, Zone 1"], targets);
    }

    [SkippableFact]
    public async Task Filters_AreThoseOfTheLog()
    {
        var audit = App.Services.GetRequiredService<AuditLog>();
        await audit.RecordAsync("ada", "192.0.2.1", "user.add", "bob", AuditOutcome.Refused, null);
        App.Clock.Advance(TimeSpan.FromSeconds(10));
        await audit.RecordAsync("bob", null, "user.add", "eve", AuditOutcome.Failed, "no");

        async Task<IEnumerable<string?>> TargetsAsync(string query) => Each((await GetAsync("/api/audit?action=user&" + query)).GetProperty("entries"), "target");
        Assert.Equal(["bob"], await TargetsAsync("actor=ada"));
        Assert.Equal(["eve"], await TargetsAsync("outcome=failed"));
        Assert.Equal(["eve", "bob"], await TargetsAsync("outcome=any"));
        Assert.Equal(["bob"], await TargetsAsync("target=B"));
        Assert.Equal(["bob"], await TargetsAsync($"to={Noon + 10}"));
        Assert.Equal(["eve"], await TargetsAsync($"from={Noon + 10}&to={Noon + 11}"));
        Assert.Empty(await TargetsAsync($"to={Noon}"));
    }

    [SkippableTheory]
    [InlineData("cursor=x", "cursor is not a valid cursor")]
    [InlineData("cursor=LTE", "cursor is not a valid cursor")]
    [InlineData("outcome=Done", "outcome must be one of any, done, refused, failed")]
    [InlineData("action=Zone%20add", "action must be an action such as zone.add")]
    [InlineData("target=%00", "target must not contain the character U+0000")]
    [InlineData("from=2&to=1", "from must not be after to")]
    [InlineData("limit=10001", "limit must be")]
    [InlineData("actr=a", "did you mean actor?")]
    public async Task Get_Invalid_IsAProblem(string query, string text)
    {
        using var response = await Client.GetAsync("/api/audit?" + query);

        await AssertProblemAsync(response, 400, text);
    }

    [SkippableTheory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    public async Task Log_CannotBeWrittenOverHttp(string method)
    {
        using var request = new HttpRequestMessage(new(method), "/api/audit");

        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [SkippableFact]
    public async Task Act_LogThatCannotBeWritten_IsDoneAndHealthSaysWhatIsMissing()
    {
        await ExecuteAsync("DROP TABLE audit_entries");

        await SendAsync(PostAsync("/api/zones", """{"name": "Cellar"}"""));

        Assert.Equal(["Cellar"], Each((await GetAsync("/api/zones")).GetProperty("zones"), "name"));
        Assert.Contains(App.Logs.Entries, e => e.Text.Contains("zone.add zone 1, Cellar: Done", StringComparison.Ordinal));
        Assert.Contains((await GetAsync("/health/ready")).GetProperty("limitations").EnumerateArray(), l => l.GetString()!.StartsWith("The audit log lacks 1 entries", StringComparison.Ordinal));
        Assert.Contains("1 entry could not be written", await Client.GetStringAsync("/system/audit?outcome=x"), StringComparison.Ordinal);
    }

    private static async Task SendAsync(Task<HttpResponseMessage> asking)
    {
        using var response = await asking;
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
