using System.Net;
using System.Text.Json;

namespace SensorDash.Web.Tests.Api;

/// <summary>The maximum number of nodes, on every way into the hub.</summary>
public sealed class NodeLimitTests() : ApiTests(("Ingest:MaxNodes", "2"))
{
    private const string Rule = "must be an existing node: the hub has its maximum of 2 nodes; delete nodes or raise Ingest:MaxNodes";

    [Fact]
    public async Task Post_NewNodesBeyondTheLimit_AreRejectedByLineAndNothingElse()
    {
        var answer = await JsonOfAsync(await PostAsync("/api/sensor-data", $"{Row(1)}\n{Row(0)}\n{Row(2)}\n{Row(3)}\n{Row(3, Noon + 1)}\n{Row(1, Noon + 1)}\n{Row(1)}", "application/x-ndjson"));

        Assert.Equal((3, 1, 3), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejected_count").GetInt32()));
        Assert.Equal(["2", "4", "5"], Each(answer.GetProperty("rejected"), "line"));
        Assert.Equal(("node_address", Rule), (answer.GetProperty("rejected")[1].GetProperty("field").GetString(), answer.GetProperty("rejected")[1].GetProperty("error").GetString()));

        // Across requests, as a JSON array, as line protocol and buffered.
        await AssertProblemAsync(await PostAsync("/api/sensor-data", $"[{Row(4)}]"), 400, Rule);
        Assert.Equal(1, (await JsonOfAsync(await PostAsync("/api/sensor-data", $"[{Row(4)},{Row(2, Noon + 2)}]"))).GetProperty("inserted").GetInt32());
        using var lines = await PostAsync("/write?precision=s", $"m,node=2 temp=1 {Noon + 3}\nm,node=4 temp=1 {Noon}", "text/plain");
        Assert.Equal(HttpStatusCode.BadRequest, lines.StatusCode);
        var problem = JsonSerializer.Deserialize<JsonElement>(await lines.Content.ReadAsStringAsync());
        Assert.Equal(("invalid", $"line 2: {Rule}; 1 lines rejected, 1 kept", 2),
            (problem.GetProperty("code").GetString(), problem.GetProperty("message").GetString(), problem.GetProperty("line").GetInt32()));

        Assert.Equal(["1", "2"], Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
        Assert.Equal(2, await ScalarAsync("SELECT count(*) FROM nodes"));
        Assert.Equal(5, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Single(App.Logs.Entries, entry => entry.Text.Contains("maximum of 2 nodes", StringComparison.Ordinal));
    }

    private static string Row(int node, long time = Noon) => $$"""{"node_address":{{node}},"timestamp":{{time}},"temperature_celsius":20}""";
}
