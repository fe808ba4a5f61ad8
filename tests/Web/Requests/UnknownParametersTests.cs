using System.Text.Json;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Requests;

public sealed class UnknownParametersTests : ApiTests
{
    [Fact]
    public async Task EveryEndpoint_UnknownOrMiscasedParameter_Is400AndChangesNothing()
    {
        using var description = JsonDocument.Parse(await Client.GetStringAsync("/openapi/v1.json"));
        var asked = 0;
        foreach (var path in description.RootElement.GetProperty("paths").EnumerateObject())
        {
            var url = path.Name.Replace("{address}", "12", StringComparison.Ordinal).Replace("{id}", "1", StringComparison.Ordinal)
                .Replace("{eventId}", new string('0', 64), StringComparison.Ordinal);
            foreach (var operation in path.Value.EnumerateObject())
            {
                string[] names = operation.Value.TryGetProperty("parameters", out var parameters)
                    ? [.. parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query").Select(p => p.GetProperty("name").GetString()!)] : [];
                foreach (var name in names.Where(n => n != "payload.<path>").Select(Miscased).Append("unknown_parameter"))
                {
                    using var request = new HttpRequestMessage(HttpMethod.Parse(operation.Name), $"{url}?{name}=1");
                    await AssertProblemAsync(await Client.SendAsync(request), 400, $"{name} is not a parameter here");
                    asked++;
                }
            }
        }
        Assert.True(asked > 100, $"{asked} requests");
    }

    [Theory]
    [InlineData("/api/nodes/12/sensor-data?limt=5", "did you mean limit?")]
    [InlineData("/api/sensor-data?nod_address=1", "did you mean node_address?")]
    [InlineData("/api/sensor-data/export?Node_Address=1", "did you mean node_address?")]
    [InlineData("/api/sensor-data/export?node=1", "allowed: node_address, start_time")]
    [InlineData("/api/zones?colour=red", "there are none")]
    public async Task Misspelt_IsAnsweredWithTheRightName(string url, string words) => await AssertProblemAsync(await Client.GetAsync(url), 400, words);

    [Fact]
    public async Task PayloadKeys_ThatDifferOnlyInCase_AreTwoConditions()
    {
        foreach (var payload in new[] { """{"a":1,"A":2}""", """{"a":1,"A":1}""" })
        {
            using var stored = await PostAsync("/api/events", $$"""
                {"lane":"parsed","scopeId":"s","sourceTruthTime":"2026-01-26T10:00:00Z","streamId":"s","streamType":"t","schemaVersion":"1","payload":{{payload}}}
                """);
        }

        Assert.Equal(1, (await GetAsync("/api/events?payload.a=1&payload.A=2")).GetProperty("count").GetInt32());
    }

    private static string Miscased(string name) => char.IsUpper(name[0]) ? name.ToLowerInvariant() : char.ToUpperInvariant(name[0]) + name[1..];
}
