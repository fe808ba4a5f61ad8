using System.Text.Json;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>Lists of nodes in pages, and the deletion of many nodes.</summary>
public class NodeListTests : ApiTests
{
    protected override bool HasSidePath => true;

    [Theory]
    [InlineData("/api/nodes")]
    [InlineData("/api/quality")]
    public async Task List_InPages_GivesEveryNodeOnce(string path)
    {
        await StoreAsync([.. Enumerable.Range(1, 5).Select(node => Reading(node * 7))]);

        var (addresses, cursor) = (new List<string?>(), "");
        for (var page = 0; page < 3; page++)
        {
            var answer = await GetAsync($"{path}?limit=2{cursor}");
            Assert.Equal(["count", "next", "nodes"], MembersOf(answer));
            Assert.Equal(page < 2 ? 2 : 1, answer.GetProperty("count").GetInt32());
            addresses.AddRange(Each(answer.GetProperty("nodes"), "address"));
            Assert.Equal(page == 2, answer.GetProperty("next").ValueKind == JsonValueKind.Null);
            cursor = "&cursor=" + answer.GetProperty("next").GetString();
        }

        Assert.Equal(["7", "14", "21", "28", "35"], addresses);
        Assert.Equal(JsonValueKind.Null, (await GetAsync($"{path}?limit=5")).GetProperty("next").ValueKind);
        Assert.Equal(5, (await GetAsync(path)).GetProperty("count").GetInt32()); // As clients that know no pages ask.
        await AssertProblemAsync(await Client.GetAsync($"{path}?limit=10001"), 400, "limit");
        await AssertProblemAsync(await Client.GetAsync($"{path}?cursor=x!"), 400, "cursor");
        await AssertProblemAsync(await Client.GetAsync($"{path}?offset=2"), 400, "offset");
    }

    [Fact]
    public async Task DeleteNodes_ByConditions_DeletesWhatThePreviewSaysAndTheSidePathFollows()
    {
        await StoreAsync([.. Run(12, 50), .. Enumerable.Range(1000, 600).Select(node => Reading(node)), Reading(7, Noon - 9000)]);
        await App.WaitUntilCaughtUpAsync();

        Assert.Equal("""{"nodes":600,"readings":600}""", (await GetAsync("/api/nodes/deletion-preview?max_readings=1&first_address=100")).GetRawText());
        using var deleted = await Client.DeleteAsync("/api/nodes?max_readings=1&first_address=100");
        Assert.Equal("""{"deleted_nodes":600,"deleted_readings":600}""", (await JsonOfAsync(deleted)).GetRawText());
        using var again = await Client.DeleteAsync("/api/nodes?max_readings=1&first_address=100");
        Assert.Equal("""{"deleted_nodes":0,"deleted_readings":0}""", (await JsonOfAsync(again)).GetRawText());
        using var silent = await Client.DeleteAsync($"/api/nodes?last_seen_before={Noon - 8999}");
        Assert.Equal("""{"deleted_nodes":1,"deleted_readings":1}""", (await JsonOfAsync(silent)).GetRawText());

        Assert.Equal(["12"], Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
        await App.WaitUntilCaughtUpAsync();
        Assert.Equal(50, (await GetAsync($"/api/fleet/hours?from=0&to={Noon + 1}")).GetProperty("hours").EnumerateArray().Sum(h => h.GetProperty("reading_count").GetInt32()));
    }

    [Theory]
    [InlineData("", "at least one condition is required: first_address, last_address, last_seen_before, max_readings")]
    [InlineData("?max_reading=1", "did you mean max_readings?")]
    [InlineData("?first_address=5&last_address=4", "first_address must not be above last_address (5 > 4)")]
    [InlineData("?max_readings=-1", "max_readings must be an integer from 0")]
    [InlineData("?last_seen_before=yesterday", "last_seen_before must be an integer")]
    public async Task DeleteNodes_WithoutValidConditions_Is400AndDeletesNothing(string query, string error)
    {
        await StoreAsync(Reading());

        await AssertProblemAsync(await Client.DeleteAsync("/api/nodes" + query), 400, error);
        await AssertProblemAsync(await Client.GetAsync("/api/nodes/deletion-preview" + query), 400, error);

        Assert.Equal(1, (await GetAsync("/api/nodes")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Fleet_OfAllNodes_CountsThem()
    {
        await StoreAsync(Reading(1), Reading(2), Reading(3));

        var all = await GetAsync($"/api/fleet/series?from={Noon - 10}&to={Noon + 10}");
        Assert.Equal(("[1,2,3]", 3), (all.GetProperty("nodes").GetRawText(), all.GetProperty("node_count").GetInt32()));
        var one = await GetAsync($"/api/fleet/hours?from={Noon - 10}&to={Noon + 10}&nodes=2,2");
        Assert.Equal(("[2]", 1), (one.GetProperty("nodes").GetRawText(), one.GetProperty("node_count").GetInt32()));
    }
}
