using System.Net;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages;

/// <summary>The pages as a browser without JavaScript gets them.</summary>
public sealed partial class PagesTests : ApiTests
{
    [Fact]
    public async Task Overview_NoNode_SaysHowToSendOne()
    {
        var page = await ReadPageAsync("/");

        Assert.Contains("No node has sent anything yet", page, StringComparison.Ordinal);
        Assert.Contains($"curl {App.Address.GetLeftPart(UriPartial.Authority)}/api/sensor-data", page, StringComparison.Ordinal);
        Assert.Contains("Load demo data", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_MoreNodesThanAPage_PagesAndFilters()
    {
        await StoreAsync([.. Enumerable.Range(1, 61).Select(node => Some.Reading(node))]);

        Assert.Contains("Page <data value=\"1\">1</data> of <data value=\"2\">2</data>", await ReadPageAsync("/"), StringComparison.Ordinal);
        Assert.Contains("href=\"/nodes/61", await ReadPageAsync("/?page=2"), StringComparison.Ordinal);
        Assert.Contains("No node matches this filter", await ReadPageAsync("/?status=stale"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ZeroValues_AreValues()
    {
        await StoreAsync(Some.Reading(temperature: 0, humidity: 0));

        var page = await ReadPageAsync("/nodes/12");

        Assert.Contains("<data value=\"0.00\">0.00</data>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("no value", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_NoDataInRange_PointsToTheNewest()
    {
        await StoreAsync(Some.Reading(time: Noon - (3 * 86_400)));

        var page = await ReadPageAsync("/nodes/12?range=1h");

        Assert.Contains("No data in this range", page, StringComparison.Ordinal);
        Assert.Contains("Go there", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_Unknown_IsAPageWithStatus404AndTraceId()
    {
        using var answer = await RequestAsync("/nodes/99");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("data-trace-id", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nodes/12")]
    [InlineData("/analytics")]
    [InlineData("/zones")]
    [InlineData("/export")]
    public async Task EveryPage_HasNoInlineScriptOrStyle(string path)
    {
        await StoreAsync(Some.Run(12, 100));

        Assert.DoesNotMatch(InlineCode(), await ReadPageAsync(path));
    }

    [Fact]
    public async Task Node_NameWithMarkup_IsText()
    {
        await StoreAsync(Some.Reading());
        using var edited = await PostFormAsync("/nodes/12", "Edit", ("Form.Name", "<b>x</b>"), ("Form.ExpectedInterval", "30"));

        Assert.Equal(HttpStatusCode.OK, edited.StatusCode);
        Assert.Contains("&lt;b&gt;x&lt;/b&gt;", await ReadPageAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeleteNode_OnlyWithItsNameTyped()
    {
        await StoreAsync(Some.Reading());

        using var wrong = await PostFormAsync("/nodes/12", "Delete", ("typedName", "node 12"));
        Assert.Contains("nothing was deleted", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var right = await PostFormAsync("/nodes/12", "Delete", ("typedName", "Node 12"));
        Assert.Contains("is deleted, with 1 reading", await right.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(await App.Nodes.FindAsync(12, CancellationToken.None));
    }

    [Fact]
    public async Task Export_WithoutScript_LeadsToTheFile()
    {
        await StoreAsync(Some.Run(12, 10));

        using var file = await RequestAsync("/export?node_address=12&range=1h&order=asc&handler=Download");

        Assert.Equal("text/csv", file.Content.Headers.ContentType?.MediaType);
        Assert.Equal(11, (await file.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private async Task<string> ReadPageAsync(string path)
    {
        using var answer = await RequestAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private Task<HttpResponseMessage> RequestAsync(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        return Client.SendAsync(request);
    }

    private async Task<HttpResponseMessage> PostFormAsync(string path, string handler, params (string Name, string Value)[] fields)
    {
        var token = Token().Match(await ReadPageAsync(path)).Groups[1].Value;
        var form = fields.Append(("__RequestVerificationToken", token)).ToDictionary(f => f.Item1, f => f.Item2);
        return await Client.PostAsync($"{path}?handler={handler}", new FormUrlEncodedContent(form));
    }

    [GeneratedRegex("__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("<style|<script(?![^>]* src=)| style=| on[a-z]+=|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex InlineCode();
}
