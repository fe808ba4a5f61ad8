using System.Net;
using System.Text.Json;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

public class NodesApiTests : ApiTests
{
    [Fact]
    public async Task List_Nodes_AreByAddressWithEveryMember()
    {
        await StoreAsync([.. Run(12, 60), Reading(3, Noon - 100_000, deviceId: 9_223_372_036_854_775_808)]);
        App.Clock.Advance(TimeSpan.FromSeconds(10));

        var answer = await GetAsync("/api/nodes");

        Assert.Equal(["count", "next", "nodes"], MembersOf(answer));
        Assert.Equal(["3", "12"], Each(answer.GetProperty("nodes"), "address"));
        var node = answer.GetProperty("nodes")[0];
        string[] contract = ["address", "device_id", "type", "online", "status", "status_reason", "last_seen_seconds", "first_seen_at", "last_seen_at",
            "total_readings", "latest", "metadata"];
        Assert.Empty(contract.Except(MembersOf(node)));
        Assert.Equal(("9223372036854775808", "SENSOR", false, "stale", 100_010), (node.GetProperty("device_id").GetString(), node.GetProperty("type").GetString(),
            node.GetProperty("online").GetBoolean(), node.GetProperty("status").GetString(), node.GetProperty("last_seen_seconds").GetInt32()));
        Assert.Equal(JsonValueKind.Null, node.GetProperty("metadata").ValueKind);
        var live = answer.GetProperty("nodes")[1];
        Assert.Equal((true, "live", "last reading 10 s ago, expected every 30 s", Noon), (live.GetProperty("online").GetBoolean(), live.GetProperty("status").GetString(),
            live.GetProperty("status_reason").GetString(), live.GetProperty("latest").GetProperty("timestamp").GetInt64()));
        Assert.Equal(live.GetRawText(), (await GetAsync("/api/nodes/12")).GetRawText());
    }

    [Fact]
    public async Task Get_NodeFallsSilent_GoesFromLiveToLateToStale()
    {
        await StoreAsync(Run(12, 60));
        await AssertStatusAsync("live");
        App.Clock.Advance(TimeSpan.FromSeconds(90));
        await AssertStatusAsync("live");
        App.Clock.Advance(TimeSpan.FromSeconds(1));
        await AssertStatusAsync("late");
        App.Clock.Advance(TimeSpan.FromSeconds(270));
        await AssertStatusAsync("stale");

        // Equal values are as much alive as changing ones.
        await StoreAsync(Reading(12, Noon + 361, 2059, 4059));
        await AssertStatusAsync("live");
    }

    [Fact]
    public async Task Get_ClockIsAheadAndThenRight_GivesTheValuesReceivedLast()
    {
        await StoreAsync([.. Run(12, 60, Noon + 72_000).Select(r => r with { ReceivedAt = r.Timestamp - 72_000 })]);
        var ahead = await GetAsync("/api/nodes/12");
        Assert.Equal(("clock_ahead", "clock 20 h ahead", true, -72_000), (ahead.GetProperty("status").GetString(), ahead.GetProperty("status_text").GetString(),
            ahead.GetProperty("online").GetBoolean(), ahead.GetProperty("clock_skew_s").GetInt32()));

        App.Clock.Advance(TimeSpan.FromSeconds(30));
        await StoreAsync(Reading(12, Noon + 29, 1234));

        var right = await GetAsync("/api/nodes/12");
        Assert.Equal(("live", Noon + 72_000, Noon + 29, 12.34m, Noon + 30), (right.GetProperty("status").GetString(), right.GetProperty("latest").GetProperty("timestamp").GetInt64(),
            right.GetProperty("current").GetProperty("timestamp").GetInt64(), right.GetProperty("current").GetProperty("temperature_celsius").GetDecimal(), right.GetProperty("last_received_at").GetInt64()));
    }

    [Fact]
    public async Task Get_ClockIsAnHourBehind_IsOnlineAndNamesIt()
    {
        await StoreAsync([.. Run(12, 60, Noon - 3600).Select(r => r with { ReceivedAt = r.Timestamp + 3600 })]);

        var node = await GetAsync("/api/nodes/12");

        Assert.Equal(("clock_behind", "clock 1 h behind", true), (node.GetProperty("status").GetString(), node.GetProperty("status_text").GetString(), node.GetProperty("online").GetBoolean()));
    }

    [Fact]
    public async Task Get_BacklogReceivedAfterCurrentReadings_CurrentStaysTheLatestMeasured()
    {
        await StoreAsync(Run(12, 60));
        App.Clock.Advance(TimeSpan.FromSeconds(20));
        await StoreAsync(Reading(12, Noon - 40_000, 1, receivedAt: Noon + 20));

        Assert.Equal(Noon, (await GetAsync("/api/nodes/12")).GetProperty("current").GetProperty("timestamp").GetInt64());
    }

    [Fact]
    public async Task Get_UserSetTheInterval_IsJudgedByIt()
    {
        await StoreAsync(Run(12, 60));
        await JsonOfAsync(await PutAsync("/api/nodes/12/metadata", """{"expected_interval_s": 3600}"""));
        App.Clock.Advance(TimeSpan.FromHours(3));

        await AssertStatusAsync("live");
    }

    [Fact]
    public async Task Delete_Node_RemovesItWithReadingsAndMetadata()
    {
        await StoreAsync([.. Run(12, 5), Reading(13)]);
        await PutAsync("/api/nodes/12/metadata", """{"name":"Cellar"}""");

        using var response = await Client.DeleteAsync("/api/nodes/12");

        Assert.Equal("{\"deleted\":12}", (await JsonOfAsync(response)).GetRawText());
        using var again = await Client.DeleteAsync("/api/nodes/12");
        await AssertProblemAsync(again, 404, "12");
        Assert.Equal(1, (await GetAsync("/api/sensor-data")).GetProperty("total").GetInt32());
        await StoreAsync(Reading(12));
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/api/nodes/12/metadata")).GetProperty("name").ValueKind);
    }

    [Fact]
    public async Task Metadata_NobodySaidAnything_IsAllNull()
    {
        await StoreAsync(Reading());

        Assert.Equal("""{"name":null,"location":null,"notes":null,"zone_id":null,"expected_interval_s":null,"updated_at":null}""",
            (await GetAsync("/api/nodes/12/metadata")).GetRawText());
    }

    [Fact]
    public async Task Metadata_AbsentKeepsNullAndEmptyClear()
    {
        await StoreAsync(Reading());
        await PutAsync("/api/nodes/12/metadata", """{"name":" Cellar ","location":"stairs","notes":"n","expected_interval_s":30}""");
        App.Clock.Advance(TimeSpan.FromSeconds(5));

        using var response = await PutAsync("/api/nodes/12/metadata", """{"location":null,"notes":"","unknown":1}""");

        var answer = await JsonOfAsync(response);
        Assert.Equal($$"""{"name":"Cellar","location":null,"notes":null,"zone_id":null,"expected_interval_s":30,"updated_at":{{Noon + 5}}}""", answer.GetRawText());
        Assert.Equal(answer.GetRawText(), (await GetAsync("/api/nodes/12/metadata")).GetRawText());
        Assert.Equal(answer.GetRawText(), (await GetAsync("/api/nodes/12")).GetProperty("metadata").GetRawText());

        await JsonOfAsync(await PutAsync("/api/nodes/12/metadata", """{"name":"","expected_interval_s":null}"""));
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/api/nodes/12/metadata")).GetProperty("expected_interval_s").ValueKind);
    }

    [Fact]
    public async Task Metadata_UnicodeAtItsLongest_ComesBack()
    {
        await StoreAsync(Reading());
        var name = string.Concat(Enumerable.Repeat("é", 100));

        await JsonOfAsync(await PutAsync("/api/nodes/12/metadata", $$"""{"name":"{{name}}","notes":"Zeile\n\"冷\" 🌡"}"""));

        var answer = await GetAsync("/api/nodes/12/metadata");
        Assert.Equal((name, "Zeile\n\"冷\" 🌡"), (answer.GetProperty("name").GetString(), answer.GetProperty("notes").GetString()));
    }

    [Theory]
    [InlineData("""{"name":1}""", "name")]
    [InlineData("""{"location":[]}""", "location")]
    [InlineData("""{"zone_id":"one"}""", "zone_id")]
    [InlineData("""{"zone_id":1.5}""", "zone_id")]
    [InlineData("""{"zone_id":99}""", "zone_id")]
    [InlineData("""{"expected_interval_s":0}""", "expected_interval_s")]
    [InlineData("""{"expected_interval_s":2592001}""", "expected_interval_s")]
    [InlineData("""{"expected_interval_s":99999999999}""", "expected_interval_s")]
    [InlineData("""{"name":"\ud800"}""", "name")]
    [InlineData("""{"\ud800":"x","name":"y"}""", "a field name contains an unpaired surrogate")]
    [InlineData("""[]""", "object")]
    [InlineData("""{""", "not valid JSON")]
    [InlineData("", "not valid JSON")]
    public async Task Metadata_Invalid_Is400NamingItAndChangesNothing(string body, string name)
    {
        await StoreAsync(Reading());

        await AssertProblemAsync(await PutAsync("/api/nodes/12/metadata", body), 400, name);
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/api/nodes/12/metadata")).GetProperty("updated_at").ValueKind);
    }

    [Theory]
    [InlineData("name", 101)]
    [InlineData("location", 201)]
    [InlineData("notes", 2001)]
    public async Task Metadata_TooLongText_Is400NamingIt(string member, int length)
    {
        await StoreAsync(Reading());

        await AssertProblemAsync(await PutAsync("/api/nodes/12/metadata", $$"""{"{{member}}":"{{new string('x', length)}}"}"""), 400, member);
        await JsonOfAsync(await PutAsync("/api/nodes/12/metadata", $$"""{"{{member}}":"{{new string('x', length - 1)}}"}"""));
    }

    [Fact]
    public async Task Metadata_OtherFaults_HaveTheirStatus()
    {
        await AssertProblemAsync(await PutAsync("/api/nodes/12/metadata", """{"name":"x"}"""), 404, "12");
        await AssertProblemAsync(await PutAsync("/api/nodes/12/zone", """{"zone_id":null}"""), 404, "12");
        await AssertProblemAsync(await PutAsync("/api/nodes/12/metadata", "name=x", "application/x-www-form-urlencoded"), 415);
        await AssertProblemAsync(await PutAsync("/api/nodes/12/metadata", $$"""{"notes":"{{new string('x', 70_000)}}"}"""), 413);
    }

    [Fact]
    public async Task Metadata_StoreLocked_Is503()
    {
        await StoreAsync(Reading());
        await using (await LockStoreAsync())
        {
            await AssertProblemAsync(await PutAsync("/api/nodes/12/metadata", """{"name":"x"}"""), 503);
            await AssertProblemAsync(await Client.DeleteAsync("/api/nodes/12"), 503);
        }
        await JsonOfAsync(await PutAsync("/api/nodes/12/metadata", """{"name":"x"}"""));
    }

    [Fact]
    public async Task Zone_OfANode_IsSetAndTakenAway()
    {
        await StoreAsync(Reading());
        var zone = (await JsonOfAsync(await PostAsync("/api/zones", """{"name":"Beds"}"""), HttpStatusCode.Created)).GetProperty("id").GetInt32();

        Assert.Equal(zone, (await JsonOfAsync(await PutAsync("/api/nodes/12/zone", $$"""{"zone_id":{{zone}}}"""))).GetProperty("zone_id").GetInt32());
        await AssertProblemAsync(await PutAsync("/api/nodes/12/zone", "{}"), 400, "zone_id");
        Assert.Equal(zone, (await GetAsync("/api/nodes/12/metadata")).GetProperty("zone_id").GetInt32());
        Assert.Equal(JsonValueKind.Null, (await JsonOfAsync(await PutAsync("/api/nodes/12/zone", """{"zone_id":null}"""))).GetProperty("zone_id").ValueKind);
        await AssertProblemAsync(await PutAsync("/api/nodes/12/zone", """{"zone_id":99}"""), 400, "99");
    }

    private async Task AssertStatusAsync(string status)
    {
        var node = await GetAsync("/api/nodes/12");
        Assert.Equal((status, status == "live"), (node.GetProperty("status").GetString(), node.GetProperty("online").GetBoolean()));
    }
}
