using System.Net;

namespace SensorDash.Web.Tests.Pages.Events;

/// <summary>The page of a command: request, progress and result.</summary>
public sealed class CommandPageTests : PageTests
{
    [Fact]
    public async Task Command_Finished_ShowsItsStepsAndHowLongItTook()
    {
        await SendAsync("roof", "heat-1", "CommandRequest", "12:00:00", """{"seconds":30}""");
        await SendAsync("roof", "heat-1", "CommandProgress", "12:00:15", """{"percent":50}""");
        await SendAsync("roof", "heat-1", "CommandResult", "12:00:30.5", """{"done":true}""");

        var page = await ReadPageAsync("/events/commands/heat-1");

        Assert.Contains("<b>finished</b>", page, StringComparison.Ordinal);
        Assert.Contains("after 30.5 s", page, StringComparison.Ordinal);
        Assert.Matches("(?s)CommandRequest.*CommandProgress.*15 s.*CommandResult.*30.5 s", page);
        Assert.DoesNotContain("data-poll", page, StringComparison.Ordinal);
        AssertNoInlineCode(page);
    }

    [Fact]
    public async Task Command_WithoutResult_WaitsForItOnTheOpenPage()
    {
        await SendAsync("roof", "heat-2", "CommandRequest", "12:00:00", "{}");
        Assert.Contains("<b>waiting for an answer</b>", await ReadPageAsync("/events/commands/heat-2"), StringComparison.Ordinal);
        await SendAsync("roof", "heat-2", "CommandProgress", "12:00:01", "{}");

        var page = await ReadPageAsync("/events/commands/heat-2");

        Assert.Contains("<b>in progress</b>", page, StringComparison.Ordinal);
        Assert.Contains("data-poll=\"2\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_OfTwoScopes_ShowsOneAndLinksTheOther()
    {
        await SendAsync("roof", "heat-3", "CommandRequest", "12:00:00", """{"where":"roof"}""");
        await SendAsync("cellar", "heat-3", "CommandRequest", "12:00:00", """{"where":"below"}""");

        var page = await ReadPageAsync("/events/commands/heat-3?scope=roof");

        Assert.DoesNotContain("below", page, StringComparison.Ordinal);
        Assert.Contains("scope=cellar", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_OfACommand_LeadsToIt()
    {
        await SendAsync("roof", "heat 4", "CommandRequest", "12:00:00", "{}");
        var id = Each((await GetAsync("/api/events")).GetProperty("events"), "eventId").Single();

        Assert.Contains("href=\"/events/commands/heat%204?scope=roof\"", await ReadPageAsync($"/events/{id}"), StringComparison.Ordinal);
        Assert.Contains("heat 4", await ReadPageAsync("/events/commands/heat%204?scope=roof"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/events/commands/none")]
    [InlineData("/events/commands/heat-5?scope=other")]
    public async Task Command_Unknown_IsNotFound(string path)
    {
        await SendAsync("roof", "heat-5", "CommandRequest", "12:00:00", "{}");

        using var response = await RequestAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private async Task SendAsync(string scope, string id, string type, string time, string payload)
    {
        var request = type == "CommandRequest" ? $"\"requestId\": \"r-{id}\"," : "";
        using var response = await PostAsync("/api/events", $$"""
            {"lane": "command", "scopeId": "{{scope}}", "sourceTruthTime": "2026-07-01T{{time}}Z", "messageType": "{{type}}", "commandId": "{{id}}", {{request}}
             "targetId": "station", "commandType": "heatSensor", "timelineMode": "live", "payload": {{payload}}}
            """);
        response.EnsureSuccessStatusCode();
    }
}
