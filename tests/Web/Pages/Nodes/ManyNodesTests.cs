using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Nodes;

/// <summary>Pages of a hub with more nodes than a page shows.</summary>
public sealed class ManyNodesTests() : PageTests(("Ingest:MaxNodes", "300"))
{
    [Fact]
    public async Task EveryPage_WithManyNodes_ShowsSomeOfThemAndFindsTheOthers()
    {
        await StoreAsync([.. Enumerable.Range(1, 300).Select(node => Some.Reading(node))]);

        foreach (var path in (string[])["/", "/analytics", "/export", "/zones", "/system", "/nodes/delete?max_readings=1"])
        {
            var page = await ReadPageAsync(path);
            Assert.True(page.Split("value=\"2").Length < 80 && page.Split("/nodes/").Length < 220, path);
            AssertNoInlineCode(page);
        }
        Assert.Contains("maximum of 300 nodes", await ReadPageAsync("/"), StringComparison.Ordinal);
        Assert.Contains("300 nodes of at most 300", await ReadPageAsync("/system"), StringComparison.Ordinal);

        Assert.Contains("60 of 300 nodes", await ReadPageAsync("/export"), StringComparison.Ordinal);
        var export = await ReadPageAsync("/export?find=29&node_address=5");
        Assert.Contains("13 of 300 nodes", export, StringComparison.Ordinal);
        Assert.Contains("<option value=\"291\"", export, StringComparison.Ordinal);
        Assert.Contains("<option value=\"5\" selected", export, StringComparison.Ordinal); // The selected one stays.
        Assert.DoesNotContain("find=", export.Split("export-command")[2], StringComparison.Ordinal);

        var analytics = await ReadPageAsync("/analytics?find=node+299&node=7");
        Assert.Contains("1 of 300 nodes selected", analytics, StringComparison.Ordinal);
        Assert.Contains("name=\"node\" value=\"299\"", analytics, StringComparison.Ordinal);
        Assert.Contains("name=\"node\" value=\"7\" checked", analytics, StringComparison.Ordinal);
        Assert.Contains("No nodes match", await ReadPageAsync("/analytics?find=nothing"), StringComparison.Ordinal);
        var quality = await ReadPageAsync("/analytics?handler=Quality");
        Assert.Contains("The worst 100 nodes; the CSV has all 300.", quality, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_ManyNodes_ShowsWhatGoesAndNeedsItTyped()
    {
        await StoreAsync([.. Some.Run(12, 5), .. Enumerable.Range(100, 30).Select(node => Some.Reading(node))]);
        using var named = await PutAsync("/api/nodes/101/metadata", """{"name":"Cellar"}""");
        const string Path = "/nodes/delete?max_readings=1";

        Assert.DoesNotContain("to confirm", await ReadPageAsync("/nodes/delete"), StringComparison.Ordinal);
        Assert.Contains("No nodes meet these conditions", await ReadPageAsync("/nodes/delete?last_seen_before=now-30d"), StringComparison.Ordinal);
        Assert.Contains("must be a time such as", await ReadPageAsync("/nodes/delete?last_seen_before=soon"), StringComparison.Ordinal);
        Assert.Contains("must be an integer", await ReadPageAsync("/nodes/delete?first_address=a"), StringComparison.Ordinal);
        var preview = await ReadPageAsync(Path);
        foreach (var text in (string[])["30 nodes, 30 readings", "1 node has</b> a name or a zone", ">Cellar</a>", "and 10 more", "Type <b>30 nodes</b> to confirm"])
            Assert.Contains(text, preview, StringComparison.Ordinal);

        using var wrong = await PostAsync(Path, "all nodes");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("nothing was deleted", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(31, (await GetAsync("/api/nodes")).GetProperty("count").GetInt32());

        using var right = await PostAsync(Path, "30 nodes");
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Contains("Deleted 30 nodes and 30 readings.", await right.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(["12"], Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string typed)
    {
        var token = (await ReadPageAsync(path)).Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];
        return await Client.PostAsync($"{path}&handler=Delete", new FormUrlEncodedContent([new("typedCount", typed), new("__RequestVerificationToken", token)]));
    }
}
