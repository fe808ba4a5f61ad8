using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SensorDash.Web.Tests.Pages.Events;

/// <summary>The events page and the page of one event, as a browser without JavaScript gets them.</summary>
public sealed partial class EventsPageTests : PageTests
{
    private const string Ndjson = "application/x-ndjson";

    [Fact]
    public async Task Page_NoEventYet_HasACommandThatSendsOne()
    {
        var page = await ReadPageAsync("/events");

        Assert.Contains("No events yet", page, StringComparison.Ordinal);
        var command = WebUtility.HtmlDecode(Command().Match(page).Groups[1].Value);
        Assert.StartsWith($"curl {App.Address.GetLeftPart(UriPartial.Authority)}/api/events ", command, StringComparison.Ordinal);
        var body = command[(command.IndexOf("-d '", StringComparison.Ordinal) + 4)..^1].Replace("'$(date -u +%Y-%m-%dT%H:%M:%SZ)'", "2026-07-01T12:00:00Z", StringComparison.Ordinal);
        using var sent = await PostAsync("/api/events", body);
        Assert.Equal(1, (await JsonOfAsync(sent)).GetProperty("inserted").GetInt32());
        Assert.Contains("door", await ReadPageAsync("/events?range=5m"), StringComparison.Ordinal); // Sent within this very second.
    }

    [Fact]
    public async Task Table_EventsOfEveryLane_SaysWhatEachIsAbout()
    {
        await SendAsync(Parsed("a", 1), Raw(7), Ui(), CommandOf("r1"), Metadata());

        var page = await ReadPageAsync("/events?range=5m");

        foreach (var words in new[] { "weather.wind", "conn1 #7", "sys|box|u1:v", "CommandRequest go", "weather:Described", "74 65 73 74", "{&quot;n&quot;:1}" })
            Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Equal(5, Row().Count(page));
        Assert.Contains("metadata: 1 event, max 1 per 5 s", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paging_ByCursor_GivesEveryEventOnceAndLeadsBackToTheStart()
    {
        await SendAsync([.. Enumerable.Range(0, 120).Select(i => Parsed("a", i))]);

        var (address, rows, pages) = ("/events?range=5m&order=asc&lanes=parsed", new List<string>(), 0);
        for (; address is not null; pages++)
        {
            var page = await ReadPageAsync(address);
            rows.AddRange(Row().Matches(page).Select(m => m.Groups[1].Value));
            Assert.Equal(pages > 0, page.Contains("First page", StringComparison.Ordinal));
            address = Next().Match(page) is { Success: true } next ? WebUtility.HtmlDecode(next.Groups[1].Value) : null;
        }

        Assert.Equal((3, 120, 120), (pages, rows.Count, rows.Distinct().Count()));
    }

    [Fact]
    public async Task Filters_FieldsScopeLanesAndPayload_AreThoseOfTheApiAndKept()
    {
        await SendAsync(Parsed("a", 1), Parsed("a", 2), Parsed("b", 2), Raw(1));

        var page = await ReadPageAsync("/events?range=5m&lanes=parsed&scope=s&streamId=a&payload=n%3D2");

        Assert.Single(Row().Matches(page));
        Assert.Contains("name=\"streamId\" value=\"a\"", page, StringComparison.Ordinal);
        Assert.Contains("name=\"payload\" value=\"n=2\"", page, StringComparison.Ordinal);
        Assert.Contains("value=\"parsed\" checked=\"checked\"", page, StringComparison.Ordinal);
        var export = WebUtility.HtmlDecode(Export().Match(page).Groups[1].Value);
        var line = Assert.Single((await Client.GetStringAsync(export)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, JsonDocument.Parse(line).RootElement.GetProperty("payload").GetProperty("n").GetInt32());
        Assert.Single(Row().Matches(await ReadPageAsync("/events?range=5m&payload.n=1")));
    }

    [Theory]
    [InlineData("lanes=raw&streamId=a", "streamId is not a field of lane raw")]
    [InlineData("timebase=moon", "timebase must be one of canonical, source")]
    [InlineData("lanes=red", "lanes must be one of raw, parsed")]
    [InlineData("payload=speed", "payload must be path=value")]
    [InlineData("payload=%3D3", "payload must be path=value")]
    [InlineData("order=up", "order must be one of asc, desc")]
    [InlineData("page=nonsense", "page is not a valid cursor")]
    [InlineData("range=soon", "is not a valid range")]
    [InlineData("from=2026-07-02&to=2026-07-01", "must end after it starts")]
    public async Task Input_ThatCannotBeMeant_IsNamedAndKept(string query, string words)
    {
        await SendAsync(Parsed("a", 1));

        var page = await ReadPageAsync("/events?" + query);

        Assert.Contains(words, WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        if (query.StartsWith("payload=s", StringComparison.Ordinal)) Assert.Contains("name=\"payload\" value=\"speed\"", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("streamId:a", "streamId=a")]
    [InlineData("STREAMID:a lane:parsed", "streamId=a&lanes=parsed")]
    [InlineData("n=2 streamType:weather.wind", "payload.n=2&streamType=weather.wind")]
    [InlineData("payload.deep.key:\"two words\"", "payload.deep.key=two%20words")]
    [InlineData("scope:s,t", "scope=s,t")]
    public async Task Search_WithoutScript_LeadsToTheParametersOfTheApi(string typed, string query)
    {
        await SendAsync(Parsed("a", 1), Parsed("b", 2));

        using var answer = await Client.GetAsync($"/events?range=5m&search={Uri.EscapeDataString(typed)}");

        Assert.Equal($"/events?range=5m&{query}", answer.RequestMessage!.RequestUri!.PathAndQuery);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Search_WithFiltersAlready_KeepsAndReplacesThem()
    {
        await SendAsync(Parsed("a", 1), Parsed("b", 2), Raw(1));

        using var answer = await Client.GetAsync("/events?range=5m&streamId=a&lanes=parsed&payload.n=1&search=streamId:b%20lane:raw");

        Assert.Equal("/events?range=5m&payload.n=1&streamId=b&lanes=parsed,raw", answer.RequestMessage!.RequestUri!.PathAndQuery);
    }

    [Theory]
    [InlineData("streamld:a", "“streamld” is not a field; did you mean streamId?")]
    [InlineData("volts:3", "content is searched by payload.path=value")]
    [InlineData("weather", "“weather” must be field:value")]
    [InlineData("streamId:", "“streamId:” must be field:value")]
    public async Task Search_ThatCannotBeMeant_IsNamedAndKept(string typed, string words)
    {
        await SendAsync(Parsed("a", 1));

        var page = WebUtility.HtmlDecode(await ReadPageAsync($"/events?range=5m&search={typed}"));

        Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Contains($"name=\"search\" value=\"{typed}\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_OfAnId_OpensTheEvent()
    {
        await SendAsync(Parsed("a", 1));
        var id = (await FirstEventAsync("/events?range=5m")).Split('?')[0].Split('/')[^1];

        using var answer = await Client.GetAsync($"/events?range=5m&search={id}");

        Assert.Equal($"/events/{id}?range=5m", answer.RequestMessage!.RequestUri!.PathAndQuery);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Range_WithoutAMatch_LeadsToTheNewestThatMatches()
    {
        await SendAsync(Parsed("a", -3600), Parsed("b", 0));

        var page = await ReadPageAsync("/events?range=5m&timebase=source&streamId=a");

        Assert.Contains("No events match", page, StringComparison.Ordinal);
        var target = WebUtility.HtmlDecode(GoThere().Match(page).Groups[1].Value);
        Assert.Single(Row().Matches(await ReadPageAsync(target)));
    }

    [Fact]
    public async Task Range_IsHalfOpen()
    {
        await SendAsync(Parsed("a", 0), Parsed("a", 1), Parsed("a", 2));

        var page = await ReadPageAsync("/events?timebase=source&tz=UTC&from=2026-07-01T12:00:00&to=2026-07-01T12:00:02");

        Assert.Equal(2, Row().Count(page));
    }

    [Fact]
    public async Task Counts_AsATable_AreOfTheRangeAndItsFilters()
    {
        await SendAsync([.. Enumerable.Range(0, 30).Select(i => Parsed(i < 10 ? "a" : "b", -i * 10)), Raw(1)]);

        var page = await ReadPageAsync("/events?range=1h&timebase=source&view=table&streamId=b&tz=UTC");

        Assert.Contains("20 events, 1 min per row", page, StringComparison.Ordinal);
        var counts = Counted().Matches(page).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(20, counts.Sum());
        var csv = (await Client.GetStringAsync("/events/counts.csv?range=1h&timebase=source&streamId=b&tz=UTC")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("time,span_seconds,metadata,parsed", csv[0]);
        Assert.Equal(20, csv[1..].Sum(line => int.Parse(line.Split(',')[3], CultureInfo.InvariantCulture)));
        Assert.Equal(csv[1..].Order(StringComparer.Ordinal), csv[1..]);
    }

    [Fact]
    public async Task Event_OfJson_ShowsTreeFieldsAndThatItsIdIsRight()
    {
        var longText = new string('x', 300);
        await SendAsync($$"""{"lane":"parsed","scopeId":"s","sourceTruthTime":"2026-07-01T14:00:00.5+02:00","streamId":"a<b>","streamType":"t","schemaVersion":"9","payload":{"list":[1,{"deep":null}],"long":"{{longText}}"} }""");

        var page = await ReadPageAsync(await FirstEventAsync("/events?range=5m&streamId=a%3Cb%3E"));

        Assert.Contains("The ID matches the content", page, StringComparison.Ordinal);
        Assert.Contains("<b>list</b> <span class=\"muted\">[ ] 2 items</span>", page, StringComparison.Ordinal);
        Assert.Contains("302 characters", page, StringComparison.Ordinal);
        Assert.Contains("2026-07-01T14:00:00.5&#x2B;02:00", page, StringComparison.Ordinal);
        Assert.DoesNotContain("a<b>", page, StringComparison.Ordinal);
        var only = WebUtility.HtmlDecode(Only().Match(page).Groups[1].Value);
        Assert.Single(Row().Matches(await ReadPageAsync(only)));
    }

    [Fact]
    public async Task Event_OfAFrame_ShowsItsBytesAndLeadsToWhatHappenedAround()
    {
        await SendAsync(Raw(1), Parsed("a", 20), Parsed("a", 40));

        var page = await ReadPageAsync(await FirstEventAsync("/events?range=5m&timebase=source&lanes=raw"));

        Assert.Contains("00000  74 65 73 74 20 64 61 74  61                       test data", page, StringComparison.Ordinal);
        var around = WebUtility.HtmlDecode(Around().Match(page).Groups[1].Value);
        Assert.Equal(2, Row().Count(await ReadPageAsync(around)));
    }

    [Fact]
    public async Task Event_OpenedInTheSide_StandsBesideItsListAndCloses()
    {
        await SendAsync(Parsed("a", -2), Parsed("b", -1));
        var list = await ReadPageAsync("/events?range=5m&timebase=source&order=asc");

        var page = await ReadPageAsync(WebUtility.HtmlDecode(Side().Match(list).Groups[1].Value));

        Assert.Contains("The ID matches the content", page, StringComparison.Ordinal);
        Assert.Equal(2, Row().Count(page));
        Assert.Single(page.Split("<tr class=\"selected\"")[1..]);
        var closed = WebUtility.HtmlDecode(Close().Match(page).Groups[1].Value);
        Assert.Equal("/events?range=5m&timebase=source&order=asc", closed);
        AssertNoInlineCode(page);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("81cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956")]
    public async Task Event_Unknown_Is404(string id)
    {
        using var answer = await Client.GetAsync("/events/" + id);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Pages_HaveNoInlineScriptOrStyle()
    {
        await SendAsync(Raw(1), Parsed("a", 1));

        AssertNoInlineCode(await ReadPageAsync("/events?range=5m"));
        AssertNoInlineCode(await ReadPageAsync(await FirstEventAsync("/events?range=5m")));
    }

    private async Task<string> FirstEventAsync(string list) => WebUtility.HtmlDecode(Row().Match(await ReadPageAsync(list)).Groups[1].Value);

    private async Task SendAsync(params string[] events)
    {
        using var answer = await PostAsync("/api/events", string.Join('\n', events), Ndjson);
        Assert.Equal(events.Length, (await JsonOfAsync(answer)).GetProperty("inserted").GetInt32());
    }

    private static string At(int seconds) => DateTimeOffset.FromUnixTimeSeconds(Noon + seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Parsed(string stream, int n)
        => $$"""{"lane":"parsed","scopeId":"s","sourceTruthTime":"{{At(n)}}","streamId":"{{stream}}","streamType":"weather.wind","schemaVersion":"1","payload":{"n":{{n}} } }""";

    private static string Raw(int sequence)
        => $$"""{"lane":"raw","scopeId":"s","sourceTruthTime":"{{At(0)}}","connectionId":"conn1","sequence":{{sequence}},"bytes":"dGVzdCBkYXRh"}""";

    private static string Ui()
        => $$"""{"lane":"ui","scopeId":"s","sourceTruthTime":"{{At(0)}}","messageType":"UiUpdate","systemId":"sys","containerId":"box","uniqueId":"u1","viewId":"v","manifestId":"m","manifestVersion":"1","data":{"x":1} }""";

    private static string CommandOf(string request)
        => $$"""{"lane":"command","scopeId":"s","sourceTruthTime":"{{At(0)}}","messageType":"CommandRequest","commandId":"c","requestId":"{{request}}","targetId":"t","commandType":"go","timelineMode":"live","payload":{} }""";

    private static string Metadata()
        => $$"""{"lane":"metadata","scopeId":"s","sourceTruthTime":"{{At(0)}}","messageType":"Described","streamId":"weather","payload":{} }""";

    [GeneratedRegex("<th scope=\"row\"><a href=\"(/events/[^\"]+)\"")]
    private static partial Regex Row();

    [GeneratedRegex("rel=\"next\" href=\"([^\"]+)\"")]
    private static partial Regex Next();

    [GeneratedRegex("href=\"(/api/events/export[^\"]+format=ndjson)\"")]
    private static partial Regex Export();

    [GeneratedRegex("<code id=\"first-event\">([^<]+)</code>")]
    private static partial Regex Command();

    [GeneratedRegex("href=\"([^\"]+)\">Go to latest data")]
    private static partial Regex GoThere();

    [GeneratedRegex("href=\"([^\"]+)\" title=\"Events with this streamId\"")]
    private static partial Regex Only();

    [GeneratedRegex("href=\"([^\"]+)\">Events (?:±|&#xB1;)30 s")]
    private static partial Regex Around();

    [GeneratedRegex("href=\"([^\"]+)\" title=\"Open in the side\"")]
    private static partial Regex Side();

    [GeneratedRegex("href=\"([^\"]+)\" title=\"Close\"")]
    private static partial Regex Close();

    [GeneratedRegex("<td><data value=\"([0-9]+)\">")]
    private static partial Regex Counted();
}
