using System.Text;

namespace SensorDash.Web.Tests.Api;

/// <summary>What is said before any store is asked, or when it cannot be.</summary>
public sealed class EventsApiErrorTests() : ApiTests(("Ingest:MaxBodyMiB", "2"))
{
    private const string Path = "/api/events";
    private const string Raw = EventsApiTests.Raw;

    [Fact]
    public async Task Post_WhatIsTakenNowhere_IsRefusedAsReadingsAre()
    {
        await AssertProblemAsync(await PostAsync(Path, "{}"), 400, "lane is missing");
        await AssertProblemAsync(await PostAsync(Path, "[]"), 400, "the body has no events");
        await AssertProblemAsync(await PostAsync(Path, Raw, "text/plain"), 415, "Content-Type");
        await AssertProblemAsync(await PostAsync(Path, Encoding.UTF8.GetBytes(Raw), "application/json", "compress"), 415, "Content-Encoding");
        // Zipped, for a refusal may cross with a body that nobody reads any more, and this one is sent by then.
        await AssertProblemAsync(await PostAsync(Path, Zip(new string(' ', 3 << 20) + Raw), "application/json", "gzip"), 413, "2 MiB");
    }

    [Fact]
    public async Task Post_StoreLocked_Is503AndTheSameAgainIsSafe()
    {
        await PostAsync(Path, EventsApiTests.Parsed("a"));
        await using (await LockStoreAsync())
            await AssertProblemAsync(await PassTimeAsync(PostAsync(Path, Raw)), 503, "duplicates are ignored");

        var answer = await TakenAsync(() => PostAsync(Path, Raw));
        Assert.Equal(1, answer.GetProperty("inserted").GetInt32() + answer.GetProperty("duplicates").GetInt32());
        Assert.Equal(2, (await GetAsync(Path)).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("?lanes=audio", "lanes must be one of raw, parsed, ui, command, metadata, not 'audio'")]
    [InlineData("?lanes=raw,parsed&connectionId=c", "connectionId is not a field of lane parsed")]
    [InlineData("?lanes=raw&payload.a=1", "payload cannot filter lane raw")]
    [InlineData("?connectionId=a&streamId=b", "connectionId cannot be combined: no lane has all these fields")]
    [InlineData("?lane=raw", "lane is not a parameter here; did you mean lanes?")]
    [InlineData("?frequency=5", "frequency is not a parameter here; allowed: from, to, timebase, lanes")]
    [InlineData("?Payload.speed=3", "Payload.speed is not a parameter here")]
    [InlineData("/export?limit=5", "limit is not a parameter here")]
    [InlineData("?from=-9223372036854775808", "from must be RFC 3339")]
    [InlineData("/export?from=-99999999999999999", "from must be RFC 3339")]
    [InlineData("?limit=0", "limit must be an integer from 1 to 10000")]
    [InlineData("?limit=10001", "limit")]
    [InlineData("?order=up", "order must be one of asc, desc")]
    [InlineData("?timebase=mine", "timebase must be one of canonical, source")]
    [InlineData("?cursor=abc", "cursor is not a valid cursor")]
    [InlineData("?from=yesterday", "from must be RFC 3339")]
    [InlineData("?from=2026-01-26T10:00:00+01:00", "write + as %2B")]
    [InlineData("?from=2&to=1", "from must not be after to")]
    [InlineData("/0123", "eventId must be 64 lowercase hexadecimal digits")]
    [InlineData("/ui-state?systemId=a", "containerId is required; uniqueId is required; viewId is required")]
    [InlineData("/metadata?asOf=soon", "asOf must be RFC 3339")]
    [InlineData("/export?format=xml", "format must be one of ndjson, csv")]
    public async Task Read_MistakesInTheQuery_AreNamed(string query, string words) => await AssertProblemAsync(await Client.GetAsync(Path + query), 400, words);
}
