using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Nodes;

public sealed class NodePageTests : PageTests
{
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
        Assert.Null(await App.Store.FindNodeAsync(12, CancellationToken.None));
    }
}
