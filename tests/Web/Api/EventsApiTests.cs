using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SensorDash.Web.Tests.Api;

public class EventsApiTests : ApiTests
{
    private const string Path = "/api/events";
    private const string Ndjson = "application/x-ndjson";
    private const string RawId = "81cb920274bc9e1e2b6de383a04bbb0cec23ece8dc69361f728eb1391dd4d956";

    internal const string Raw = """
        {"lane":"raw","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","connectionId":"conn1","sequence":0,"bytes":"dGVzdCBkYXRh"}
        """;

    [Fact]
    public async Task Post_LanesMixed_AreStoredInOneOrderAndReadBack()
    {
        var answer = await JsonOfAsync(await PostAsync(Path, $"[{Raw},{Parsed("a")},{Ui("{}")},{Command("r")},{Metadata()}]"));

        Assert.Equal("{\"inserted\":5,\"duplicates\":0,\"alreadyAccepted\":[],\"rejected\":[],\"rejectedCount\":0}", answer.GetRawText());
        var page = await GetAsync(Path + "?timebase=source");
        Assert.Equal(["metadata", "command", "ui", "parsed", "raw"], Each(page.GetProperty("events"), "lane"));
        Assert.Equal((5, JsonValueKind.Null), (page.GetProperty("count").GetInt32(), page.GetProperty("next").ValueKind));
        Assert.Equal($$"""
            {"lane":"raw","eventId":"{{RawId}}","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","canonicalTruthTime":"2026-07-01T12:00:00Z","connectionId":"conn1","sequence":0,"bytes":"dGVzdCBkYXRh"}
            """, page.GetProperty("events")[4].GetRawText());
    }

    [Fact]
    public async Task Post_NdjsonGzippedWithBadLinesAndDuplicates_ReportsEachAndKeepsTheGood()
    {
        var text = $"{Raw}\nnonsense\n{Parsed("a")}\n{Raw}\n{Parsed("a").Replace("\"live\"", "", StringComparison.Ordinal)}\n{Command("r").Replace("live", "replay", StringComparison.Ordinal)}\n{Command("r")}\n"
            + Command("r").Replace("10:00:00", "10:00:01", StringComparison.Ordinal);
        using var gzipped = new MemoryStream();
        await using (var gzip = new GZipStream(gzipped, CompressionLevel.Fastest)) await gzip.WriteAsync(Encoding.UTF8.GetBytes(text));

        var answer = await JsonOfAsync(await PostAsync(Path, gzipped.ToArray(), Ndjson, "gzip"));

        Assert.Equal((3, 2, 2), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejectedCount").GetInt32()));
        Assert.Equal("[8]", answer.GetProperty("alreadyAccepted").GetRawText());
        Assert.Equal(["2", "6"], Each(answer.GetProperty("rejected"), "line"));
        Assert.Equal("Commands not allowed in REPLAY mode", answer.GetProperty("rejected")[1].GetProperty("error").GetString());
    }

    [Fact]
    public async Task Post_EventsOfMoreDaysThanOneTransactionTakes_AreAllStored()
    {
        const int Days = 130;
        var lines = Enumerable.Range(0, Days).Select(day => Raw.Replace("2026-01-26", $"{new DateOnly(2025, 6, 1).AddDays(day):yyyy-MM-dd}", StringComparison.Ordinal));

        var answer = await JsonOfAsync(await PostAsync(Path, string.Join('\n', lines), Ndjson));

        Assert.Equal(Days, answer.GetProperty("inserted").GetInt32());
        Assert.Equal(Days, (await GetAsync(Path)).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Post_RequestsOfTwoScopesWithTheSameEventId_StoresTheFirstAndIngestGoesOn()
    {
        var (first, second) = (Command("commandb").Replace("testScope", "a", StringComparison.Ordinal), Command("b").Replace("testScope", "acommand", StringComparison.Ordinal));

        var answer = await JsonOfAsync(await PostAsync(Path, $"{first}\n{second}\n{Raw}", Ndjson));

        Assert.Equal((2, 1), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("rejectedCount").GetInt32()));
        var rejected = answer.GetProperty("rejected")[0];
        Assert.Equal(("2", "eventId", "eventId collides with another event"),
            (rejected.GetProperty("line").GetRawText(), rejected.GetProperty("field").GetString(), rejected.GetProperty("error").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Path, $"[{Parsed("later")}]")).StatusCode);
    }

    [Fact]
    public async Task List_PagesByCursor_GiveEveryEventOnceInEitherDirection()
    {
        await PostAsync(Path, string.Join('\n', Enumerable.Range(0, 25).Select(i => Parsed($"s{i % 3}", i)).Append(Raw)), Ndjson);

        foreach (var query in new[] { "?limit=7", "?limit=7&order=desc&timebase=source", "?limit=1&order=desc" })
        {
            var ids = new List<string?>();
            string? next = null;
            do
            {
                var page = await GetAsync(Path + query + (next is null ? "" : $"&cursor={next}"));
                ids.AddRange(Each(page.GetProperty("events"), "eventId"));
                next = page.GetProperty("next").GetString();
            }
            while (next is not null);
            Assert.Equal((26, 26), (ids.Count, ids.Distinct().Count()));
        }
    }

    [Theory]
    [InlineData("?lanes=raw", "raw")]
    [InlineData("?lanes=parsed,raw", "parsed raw")]
    [InlineData("?connectionId=conn1", "raw")]
    [InlineData("?streamId=a", "metadata parsed")]
    [InlineData("?streamId=a&lanes=parsed", "parsed")]
    [InlineData("?messageType=UiUpdate", "ui")]
    [InlineData("?scope=testScope,nobody", "metadata command ui parsed raw")]
    [InlineData("?scope=nobody", "")]
    [InlineData("?payload.n=5", "parsed")]
    [InlineData("?payload.n=5.0", "parsed")]
    [InlineData("?payload.nested.list.1=x", "parsed")]
    [InlineData("?payload.n=6", "")]
    [InlineData("?from=2026-01-26T10:00:00Z&to=2026-01-26T10:00:00.000001Z&timebase=source", "metadata command ui parsed raw")]
    [InlineData("?to=1769421600000000&timebase=source", "")]
    [InlineData("?from=2026-01-26T11:00:00%2B01:00&to=1769421600000001&timebase=source&lanes=raw", "raw")]
    public async Task List_Filters_ChooseWhatTheySay(string query, string lanes)
    {
        await PostAsync(Path, $"[{Raw},{Parsed("a", 5)},{Ui("{}")},{Command("r")},{Metadata("a")}]");

        var page = await GetAsync(Path + query + (query.Contains("timebase", StringComparison.Ordinal) ? "" : "&timebase=source"));

        Assert.Equal(lanes, string.Join(' ', Each(page.GetProperty("events"), "lane")));
    }

    [Fact]
    public async Task Find_ById_GivesTheEventOr404()
    {
        await PostAsync(Path, Raw);

        Assert.Equal("conn1", (await GetAsync($"{Path}/{RawId}")).GetProperty("connectionId").GetString());
        Assert.Equal("conn1", (await GetAsync($"{Path}/{RawId}?sourceTruthTime=2026-01-26T10:00:00Z")).GetProperty("connectionId").GetString());
        await AssertProblemAsync(await Client.GetAsync($"{Path}/{new string('0', 64)}"), 404, "not found");
    }

    [Fact]
    public async Task MetadataAndUiState_AtATime_AreThoseInEffect()
    {
        await PostAsync(Path, $"[{Metadata("a")},{Metadata("b")},{Ui("{\"a\":1,\"b\":2}", "UiCheckpoint")},{Ui("{\"a\":null,\"c\":3}")}]");

        var metadata = await GetAsync($"{Path}/metadata?scope=testScope");
        Assert.Equal(["a", "b"], Each(metadata.GetProperty("events"), "streamId"));
        Assert.Equal(0, (await GetAsync($"{Path}/metadata?asOf=2026-01-26T09:00:00Z&timebase=source")).GetProperty("count").GetInt32());
        var state = await GetAsync($"{Path}/ui-state?systemId=a&containerId=b&uniqueId=c&viewId=d");
        Assert.Equal(("{\"b\":2,\"c\":3}", 1), (state.GetProperty("data").GetRawText(), state.GetProperty("updatesApplied").GetInt32()));
        await AssertProblemAsync(await Client.GetAsync($"{Path}/ui-state?systemId=a&containerId=b&uniqueId=c&viewId=other"), 404, "no event");
    }

    [Fact]
    public async Task Metadata_InPages_GivesEveryKeyOnceAtOneTime()
    {
        await PostAsync(Path, $"[{string.Join(',', Enumerable.Range(0, 25).Select(i => Metadata($"s{i:00}")))}]");
        var streams = new List<string?>();
        string? next = null;
        do
        {
            var page = await GetAsync($"{Path}/metadata?limit=10" + (next is null ? "" : $"&cursor={next}"));
            streams.AddRange(Each(page.GetProperty("events"), "streamId"));
            next = page.GetProperty("next").GetString();
            if (streams.Count == 10) await PostAsync(Path, Metadata("s99"));
            App.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        while (next is not null);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"s{i:00}"), streams);
        await AssertProblemAsync(await Client.GetAsync($"{Path}/metadata?cursor=AgAA"), 400, "cursor is not a valid cursor");
    }

    [Fact]
    public async Task UiState_LargerThanAResponseMayBe_Is422()
    {
        var value = new string('x', 1_000_000);
        await PostAsync(Path, string.Join('\n', Enumerable.Range(0, 17).Select(i => Ui($"{{\"k{i}\":\"{value}\"}}").Trim())), Ndjson);

        await AssertProblemAsync(await Client.GetAsync($"{Path}/ui-state?systemId=a&containerId=b&uniqueId=c&viewId=d"), 422, "at most 16 MiB");
    }

    [Fact]
    public async Task Post_LongKeyTwice_IsEchoedCutOff()
    {
        var key = new string('k', 500_000);

        using var response = await PostAsync(Path, Parsed("a").Replace("\"n\":", $"\"{key}\":1,\"{key}\":", StringComparison.Ordinal));

        Assert.InRange((await response.Content.ReadAsStringAsync()).Length, 1, 2_000);
        await AssertProblemAsync(response, 400, $"payload contains the key \"{key[..100]}…\" twice");
    }

    [Theory]
    [InlineData("?limit={0}")]
    [InlineData("?from={0}")]
    [InlineData("?order={0}")]
    [InlineData("?lanes={0}")]
    [InlineData("?{0}=1")]
    [InlineData("/{0}")]
    [InlineData("/no/{0}")]
    public async Task Read_LongValue_IsEchoedCutOff(string query)
    {
        var problem = await AssertProblemAsync(await Client.GetAsync(Path + string.Format(null, query, new string('x', 6_000))), query[1] == 'n' ? 404 : 400, $"{new string('x', 80)}");

        Assert.InRange(problem.GetRawText().Length, 1, 4_000);
    }

    [Fact]
    public async Task UiState_AsDeepAsDataMayBe_ComesBack()
    {
        const int Deepest = 63; // And the object that holds it.
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", Deepest)) + "1" + new string('}', Deepest);
        await JsonOfAsync(await PostAsync(Path, Ui($"{{\"deep\":{deep}}}", "UiCheckpoint")));

        Assert.Contains($"{{\"deep\":{deep}}}", await Client.GetStringAsync($"{Path}/ui-state?systemId=a&containerId=b&uniqueId=c&viewId=d"), StringComparison.Ordinal);
        Assert.Contains($"{{\"deep\":{deep}}}", await Client.GetStringAsync(Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ndjson", "application/x-ndjson")]
    [InlineData("csv", "text/csv")]
    public async Task Export_AnyFormat_IsProvenByManifestAndTrailers(string format, string mediaType)
    {
        await PostAsync(Path, string.Join('\n', Enumerable.Range(0, 1_500).Select(i => Parsed($"s{i}", i)).Append(Raw)), Ndjson);

        using var response = await Client.GetAsync($"{Path}/export?format={format}");
        var file = await response.Content.ReadAsByteArrayAsync();
        var manifest = await GetAsync($"{Path}/export/manifest?format={format}");

        Assert.Equal(mediaType, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), manifest.GetProperty("sha256").GetString());
        Assert.Equal((1_501, (long)file.Length), (manifest.GetProperty("rows").GetInt32(), manifest.GetProperty("bytes").GetInt64()));
        Assert.Equal(manifest.GetProperty("sha256").GetString(), response.TrailingHeaders.GetValues("X-Content-SHA256").Single());
    }

    [Fact]
    public async Task Export_SentAgain_IsAllDuplicates()
    {
        await PostAsync(Path, $"[{Raw},{Parsed("a", 5)},{Ui("{}")},{Command("r")},{Metadata("a")}]");

        var answer = await JsonOfAsync(await PostAsync(Path, await Client.GetStringAsync($"{Path}/export"), Ndjson));

        Assert.Equal((0, 5, 0), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejectedCount").GetInt32()));
    }

    internal static string Parsed(string stream, int number = 0) => $$$"""
        {"lane":"parsed","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","streamId":"{{{stream}}}","streamType":"t","schemaVersion":"1","payload":{"n":{{{number}}},"nested":{"list":[1,"x"]} } }
        """;

    private static string Ui(string data, string type = "UiUpdate") => $$$"""
        {"lane":"ui","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","messageType":"{{{type}}}","systemId":"a","containerId":"b","uniqueId":"c","viewId":"d","manifestId":"m","manifestVersion":"1","data":{{{data}}}}
        """;

    private static string Command(string request) => $$$"""
        {"lane":"command","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","messageType":"CommandRequest","commandId":"c","requestId":"{{{request}}}","targetId":"t","commandType":"k","timelineMode":"live","payload":{}}
        """;

    private static string Metadata(string stream = "a") => $$$"""
        {"lane":"metadata","scopeId":"testScope","sourceTruthTime":"2026-01-26T10:00:00Z","messageType":"Descriptor","streamId":"{{{stream}}}","payload":{}}
        """;
}
