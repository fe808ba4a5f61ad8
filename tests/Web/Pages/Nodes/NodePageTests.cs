using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Nodes;

public sealed partial class NodePageTests : PageTests
{
    protected override bool HasSidePath => true;

    [Fact]
    public async Task Hours_WithoutReadings_AreRowsOfTheirOwn()
    {
        await StoreAsync([.. Some.Run(12, 60, Noon - (6 * 3600)), .. Some.Run(12, 60, Noon - (3 * 3600))]);

        var page = await ReadPageAsync("/nodes/12?range=24h&by=hour&tz=UTC");

        var rows = System.Text.RegularExpressions.Regex.Matches(page, "<span>no data, ([^<]+)</span>").Select(m => System.Net.WebUtility.HtmlDecode(m.Groups[1].Value)).ToArray();
        Assert.Equal([SpanOf(Noon - (2 * 3600), Noon), SpanOf(Noon - (5 * 3600), Noon - (4 * 3600))], rows);

        static string SpanOf(long from, long to) => SensorDash.Web.Pages.Display.ClockText.Words(from, to, NodaTime.DateTimeZone.Utc, Noon);
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
        Assert.Contains("Go to latest data", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_Unknown_IsAPageWithStatus404AndTraceId()
    {
        using var answer = await RequestAsync("/nodes/99");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("data-trace-id", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
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
        Assert.Contains("Deleted Node 12 and 1 reading", await right.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(await App.Nodes.FindAsync(12, CancellationToken.None));
    }

    // The charts draw this and fetch nothing, so the range is read once per view.
    [Theory]
    [InlineData("1h", 3600)]
    [InlineData("24h", 86_400)]
    public async Task Charts_OfTheRange_HoldTheSeriesOfTheApi(string range, int seconds)
    {
        await StoreAsync([.. Some.Run(12, 1000).Where((_, i) => i is < 100 or >= 110)]);

        var page = await ReadPageAsync($"/nodes/12?range={range}");

        var held = JsonSerializer.Deserialize<JsonElement>(WebUtility.HtmlDecode(Series().Match(page).Groups[1].Value));
        var series = await GetAsync($"/api/nodes/12/series?from={Noon - seconds}&to={Noon}&points={held.GetProperty("points")}");
        Assert.True(JsonElement.DeepEquals(series, held), $"{held}\n{series}");
    }

    [GeneratedRegex("<div hidden data-series>([^<]+)</div>")]
    private static partial Regex Series();
}
