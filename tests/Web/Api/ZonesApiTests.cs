using System.Net;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

public class ZonesApiTests : ApiTests
{
    [Fact]
    public async Task Add_Zone_Is201WithItsPlace()
    {
        using var response = await PostAsync("/api/zones", """{"name":" Greenhouse ","color":"#22c55e","description":"Both beds"}""");

        var zone = await JsonOfAsync(response, HttpStatusCode.Created);
        Assert.Equal("""{"id":1,"name":"Greenhouse","color":"#22C55E","description":"Both beds"}""", zone.GetRawText());
        Assert.Equal("/api/zones/1", response.Headers.Location!.ToString());
        Assert.Equal(zone.GetRawText(), (await GetAsync("/api/zones/1")).GetRawText());
        Assert.Equal($$"""{"count":1,"zones":[{{zone.GetRawText()}}]}""", (await GetAsync("/api/zones")).GetRawText());
    }

    [Fact]
    public async Task Add_NameOnly_HasTheDefaultColor()
    {
        var zone = await AddAsync("""{"name":"A"}""");

        Assert.Matches("^#[0-9A-F]{6}$", zone.GetProperty("color").GetString());
        Assert.Equal(JsonValueKind.Null, zone.GetProperty("description").ValueKind);
    }

    [Theory]
    [InlineData("{}", "name")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":null}""", "name")]
    [InlineData("""{"name":"  "}""", "name")]
    [InlineData("""{"name":5}""", "name")]
    [InlineData("""{"name":"A","color":"red"}""", "color")]
    [InlineData("""{"name":"A","color":"#12345"}""", "color")]
    [InlineData("""{"name":"A","color":"#12345g"}""", "color")]
    [InlineData("""{"name":"A","color":"#1234567"}""", "color")]
    [InlineData("""{"name":"A","color":"#123456\n"}""", "color")]
    [InlineData("""{"name":"A","color":"123456"}""", "color")]
    [InlineData("""{"name":"A","description":{}}""", "description")]
    [InlineData("nonsense", "not valid JSON")]
    [InlineData("""{"name":"A","name":"B"}""", "name must be given only once")]
    [InlineData("""{"name":"A\u202E"}""", "name must not contain the character U+202E")]
    public async Task Add_Invalid_Is400NamingIt(string body, string name)
    {
        await AssertProblemAsync(await PostAsync("/api/zones", body), 400, name);
        Assert.Equal(0, (await GetAsync("/api/zones")).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("name", 100)]
    [InlineData("description", 500)]
    public async Task Add_TextOfItsGreatestLength_IsTakenAndOneMoreIsNot(string member, int length)
    {
        string Body(int size) => member == "name" ? $$"""{"name":"{{new string('x', size)}}"}""" : $$"""{"name":"A","description":"{{new string('x', size)}}"}""";

        await AddAsync(Body(length));
        await AssertProblemAsync(await PostAsync("/api/zones", Body(length + 1)), 400, member);
    }

    [Fact]
    public async Task Edit_AbsentMember_IsKept()
    {
        await AddAsync("""{"name":"A","color":"#000001","description":"d"}""");

        var edited = await JsonOfAsync(await PutAsync("/api/zones/1", """{"color":"#ABCDEF"}"""));

        Assert.Equal("""{"id":1,"name":"A","color":"#ABCDEF","description":"d"}""", edited.GetRawText());
        Assert.Equal(JsonValueKind.Null, (await JsonOfAsync(await PutAsync("/api/zones/1", """{"description":null}"""))).GetProperty("description").ValueKind);
        await AssertProblemAsync(await PutAsync("/api/zones/1", """{"name":""}"""), 400, "name");
        Assert.Equal("A", (await GetAsync("/api/zones/1")).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Delete_ZoneWithNodes_UnzonesThemAndItsIdIsNeverReused()
    {
        await StoreAsync(Some.Reading(12), Some.Reading(13));
        await AddAsync("""{"name":"A"}""");
        await AddAsync("""{"name":"B"}""");
        foreach (var node in new[] { 12, 13 }) await JsonOfAsync(await PutAsync($"/api/nodes/{node}/zone", """{"zone_id":2}"""));

        Assert.Equal("{\"deleted\":2}", (await JsonOfAsync(await Client.DeleteAsync("/api/zones/2"))).GetRawText());

        foreach (var node in new[] { 12, 13 })
            Assert.Equal(JsonValueKind.Null, (await GetAsync($"/api/nodes/{node}/metadata")).GetProperty("zone_id").ValueKind);
        Assert.Equal(3, (await AddAsync("""{"name":"C"}""")).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Unknown_Zone_Is404()
    {
        await AssertProblemAsync(await Client.GetAsync("/api/zones/9"), 404, "9");
        await AssertProblemAsync(await PutAsync("/api/zones/9", """{"name":"A"}"""), 404, "9");
        await AssertProblemAsync(await Client.DeleteAsync("/api/zones/9"), 404, "9");
    }

    [Fact]
    public async Task Write_StoreLocked_Is503()
    {
        await AddAsync("""{"name":"A"}""");
        await using (await LockStoreAsync())
        {
            await AssertProblemAsync(await PostAsync("/api/zones", """{"name":"B"}"""), 503);
            await AssertProblemAsync(await Client.DeleteAsync("/api/zones/1"), 503);
        }
        Assert.Equal(1, (await GetAsync("/api/zones")).GetProperty("count").GetInt32());
    }

    private async Task<JsonElement> AddAsync(string body) => await JsonOfAsync(await PostAsync("/api/zones", body), HttpStatusCode.Created);
}
