using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

public abstract class KeyTests : SecuredHub
{
    [SkippableTheory]
    [InlineData("Bearer")]
    [InlineData("Token")]
    [InlineData("Basic")]
    [InlineData("?p=")]
    public async Task Write_WithAKeyAsInfluxDbClientsSendIt_IsTaken(string form)
    {
        using var admin = await SetUpAsync();
        var key = await AddKeyAsync(admin, "gateway", "ingest");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/write?precision=s" + (form == "?p=" ? $"&u=any&p={key}" : "")) { Content = new StringContent($"c,node=12 temp=1 {Noon}") };
        if (form != "?p=") request.Headers.Authorization = new(form, form == "Basic" ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{key}")) : key);
        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [SkippableTheory]
    [InlineData("ingest", HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("read", HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("ingest,read", HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("admin", HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound)]
    public async Task Key_DoesWhatItsScopesAllow(string scope, HttpStatusCode sends, HttpStatusCode reads, HttpStatusCode deletes)
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "script", scope));
        using var sent = await SendAsync(client, 12);
        using var read = await client.GetAsync("/api/nodes");
        using var deleted = await client.DeleteAsync("/api/nodes/99");

        Assert.Equal((sends, reads, deletes), (sent.StatusCode, read.StatusCode, deleted.StatusCode));
    }

    [SkippableFact]
    public async Task Posts_WithoutTheRightKey_AreAmongTheRejectedRows()
    {
        using var admin = await SetUpAsync();
        using var reader = ClientWith(await AddKeyAsync(admin, "script", "read"));
        using var unknown = ClientWith("sd_" + new string('x', 43));
        using (await SendAsync(reader, 12)) { }
        using (await SendAsync(unknown, 12)) { }
        using (await SendAsync(Client, 12)) { }

        using var groups = JsonDocument.Parse(await reader.GetStringAsync("/api/system/rejected-rows"));

        Assert.Equal([("requests", "127.0.0.1", 2), ("requests", "key script, 127.0.0.1", 1)],
            groups.RootElement.EnumerateArray().Select(g => (g.GetProperty("kind").GetString(), g.GetProperty("origin").GetString(), g.GetProperty("count").GetInt32())));
    }

    [SkippableFact]
    public async Task Refusal_SaysWhoAskedAndWhatItTakes()
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "gateway", "ingest"));
        using var response = await client.GetAsync("/api/nodes");

        Assert.Contains("key gateway may not do this: it takes the role viewer, or a key with the scope read", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Key_OpensNoPageThatManagesUsersOrKeys()
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "script", "admin"));
        foreach (var path in (string[])["/system/users", "/system/keys", "/account"])
        {
            using var response = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [SkippableFact]
    public async Task Key_IsStoredAsItsHashOnly()
    {
        using var admin = await SetUpAsync();
        var key = await AddKeyAsync(admin, "gateway", "ingest");
        var page = await admin.PageAsync("/system/keys");

        Assert.Equal(54, key.Length);
        Assert.DoesNotContain(key, page, StringComparison.Ordinal);
        Assert.Contains(key[..11], page, StringComparison.Ordinal);
        Assert.Equal(32, await ScalarAsync("SELECT length(hash) FROM api_keys"));
        Assert.DoesNotContain(App.Logs.Entries, e => e.Text.Contains(key, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Key_RevokedExpiredOrChanged_Is401()
    {
        using var admin = await SetUpAsync();
        var (revoked, expiring) = (await AddKeyAsync(admin, "one", "read"), await AddKeyAsync(admin, "two", "read", days: 1));
        await RevokeAsync(admin, "one");
        var before = await StatusOfAsync(expiring);
        App.Clock.Advance(TimeSpan.FromDays(2));

        Assert.Equal(HttpStatusCode.OK, before);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (await StatusOfAsync(revoked), await StatusOfAsync(expiring)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync(revoked[..^1] + (revoked[^1] == 'A' ? 'B' : 'A')));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync("x"));
    }

    [SkippableFact]
    public async Task Key_LimitedToNodes_SendsOnlyTheirReadings_AndTheOthersAreNamed()
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "gateway", "ingest", nodes: "12, 20-22"));
        using var response = await client.PostAsync("/api/sensor-data", new StringContent(
            $$"""[{"node_address":12,"timestamp":{{Noon}},"temperature_celsius":1},{"node_address":13,"timestamp":{{Noon}},"temperature_celsius":1},{"node_address":21,"timestamp":{{Noon}},"temperature_celsius":1}]""",
            Encoding.UTF8, "application/json"));
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        using var lines = await client.PostAsync("/write?precision=s", new StringContent($"c,node=20 temp=1 {Noon}\nc,node=99 temp=1 {Noon}"));
        using var events = await client.PostAsync("/api/events", new StringContent(Event("core"), Encoding.UTF8, "application/json"));

        Assert.Equal((HttpStatusCode.OK, 2, 1), (response.StatusCode, body.GetProperty("inserted").GetInt32(), body.GetProperty("rejected_count").GetInt32()));
        Assert.Equal((2, "is not one of the key, which is limited to nodes 12, 20-22"), (body.GetProperty("rejected")[0].GetProperty("line").GetInt32(), body.GetProperty("rejected")[0].GetProperty("error").GetString()));
        Assert.Contains("line 2", await lines.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, events.StatusCode);
        Assert.Equal("12 20 21", await NodesAsync());
    }

    [SkippableFact]
    public async Task Key_LimitedToEventScopes_SendsOnlyThose()
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "producer", "ingest", eventScopes: "core,lab"));
        using var own = await client.PostAsync("/api/events", new StringContent(Event("lab"), Encoding.UTF8, "application/json"));
        using var other = await client.PostAsync("/api/events", new StringContent(Event("roof"), Encoding.UTF8, "application/json"));
        using var readings = await SendAsync(client, 12);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (own.StatusCode, other.StatusCode, readings.StatusCode));
        Assert.Contains("limited to event scopes core, lab", await other.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM event_index"));
    }

    [SkippableTheory]
    [InlineData("/api/nodes/12", HttpStatusCode.OK)]
    [InlineData("/api/nodes/12/statistics", HttpStatusCode.OK)]
    [InlineData("/api/nodes/13", HttpStatusCode.Forbidden)]
    [InlineData("/api/nodes", HttpStatusCode.Forbidden)]
    [InlineData("/api/sensor-data", HttpStatusCode.Forbidden)]
    [InlineData("/api/sensor-data?node_address=12", HttpStatusCode.OK)]
    [InlineData("/api/sensor-data?node_address=13", HttpStatusCode.Forbidden)]
    [InlineData("/api/nodes/series?nodes=12&from=0&to=1", HttpStatusCode.OK)]
    [InlineData("/api/nodes/series?nodes=12,13&from=0&to=1", HttpStatusCode.Forbidden)]
    [InlineData("/api/events?scope=lab", HttpStatusCode.OK)]
    [InlineData("/api/events?scope=lab,core", HttpStatusCode.Forbidden)]
    [InlineData("/api/events", HttpStatusCode.Forbidden)]
    [InlineData("/metrics", HttpStatusCode.Forbidden)]
    [InlineData("/ping", HttpStatusCode.NoContent)]
    public async Task Key_LimitedToOneNodeAndOneScope_ReadsWhatNamesThem(string path, HttpStatusCode expected)
    {
        using var admin = await SetUpAsync();
        using (var all = ClientWith(await AddKeyAsync(admin, "all", "ingest")))
        {
            (await SendAsync(all, 12)).Dispose();
            (await SendAsync(all, 13)).Dispose();
        }
        using var client = ClientWith(await AddKeyAsync(admin, "reader", "read", nodes: "12", eventScopes: "lab"));
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(expected, response.StatusCode);
    }

    [SkippableFact]
    public async Task Socket_WithAnAuthMessage_DoesWhatTheKeyMay_AndEndsWithIt()
    {
        using var admin = await SetUpAsync();
        var key = await AddKeyAsync(admin, "reader", "read", eventScopes: "lab");
        await using var socket = await SocketClient.OpenAsync(App.Address);
        var early = await socket.AskAsync(new { type = "query", requestId = "1" }, "error");
        var wrong = await socket.AskAsync(new { type = "auth", token = "sd_x" }, "authResponse");
        var right = await socket.AskAsync(new { type = "auth", token = key }, "authResponse");
        var other = await socket.AskAsync(new { type = "query", requestId = "2" }, "error");
        var command = await socket.AskAsync(new { type = "command", requestId = "3", commandId = "a", targetId = "b", commandType = "c", payload = new { } }, "error");
        await socket.AskAsync(new { type = "startStream", filters = new { scope = "lab" } }, "streamStarted");
        await RevokeAsync(admin, "reader");
        while (await socket.TryReadAsync() is not null)
        {
        }

        Assert.Contains("send auth with an API key first", early.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal((false, true, "key reader"), (wrong.GetProperty("success").GetBoolean(), right.GetProperty("success").GetBoolean(), right.GetProperty("user").GetString()));
        Assert.Contains("filters.scope", other.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("may not send command", command.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(System.Net.WebSockets.WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
    }

    [SkippableFact]
    public async Task Socket_WithoutAnAuthMessageInTime_IsClosed()
    {
        using var admin = await SetUpAsync();
        await using var socket = await SocketClient.OpenAsync(App.Address);
        await App.Clock.TimerPendingAsync(time => time == TimeSpan.FromSeconds(10));
        App.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Null(await socket.TryReadAsync());
        Assert.Equal(System.Net.WebSockets.WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
    }

    [SkippableFact]
    public async Task Ticket_OpensOneStreamOnce_AndTheStreamEndsWithTheKey()
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "reader", "read"));
        async Task<string> TicketAsync()
        {
            using var response = await client.PostAsync(new Uri("/api/tickets", UriKind.Relative), null);
            return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("ticket").GetString()!;
        }
        var ticket = await TicketAsync();
        await using var stream = await SseClient.OpenAsync(App.Address, $"/api/sensor-data/live?ticket={ticket}");
        var second = await Assert.ThrowsAsync<HttpRequestException>(() => SseClient.OpenAsync(App.Address, $"/api/sensor-data/live?ticket={ticket}"));
        var late = await TicketAsync();
        App.Clock.Advance(TimeSpan.FromSeconds(31));
        var third = await Assert.ThrowsAsync<HttpRequestException>(() => SseClient.OpenAsync(App.Address, $"/api/sensor-data/live?ticket={late}"));
        await RevokeAsync(admin, "reader");

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await stream.TryReadAsync() is not null)
            {
            }
        });
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (second.StatusCode, third.StatusCode));
        Assert.DoesNotContain(App.Logs.Entries, e => e.Text.Contains(ticket, StringComparison.Ordinal));
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, int node) => client.PostAsync("/api/sensor-data", new StringContent(
        string.Create(CultureInfo.InvariantCulture, $$"""{"node_address":{{node}},"timestamp":{{Noon}},"temperature_celsius":1}"""), Encoding.UTF8, new MediaTypeHeaderValue("application/json")));

    private static string Event(string scope)
        => $$"""{"lane":"parsed","scopeId":"{{scope}}","sourceTruthTime":"2026-07-01T10:00:00Z","streamId":"s","streamType":"t","schemaVersion":"1","payload":{"a":1} }""";

    private async Task<HttpStatusCode> StatusOfAsync(string key)
    {
        using var client = ClientWith(key);
        using var response = await client.GetAsync("/api/nodes");
        return response.StatusCode;
    }

    private async Task<string> NodesAsync()
    {
        var nodes = await App.Nodes.ListAsync(0, 100, CancellationToken.None);
        return string.Join(' ', nodes.Select(n => n.Address));
    }
}

public sealed class SqliteKeyTests : KeyTests;

public sealed class TimescaleKeyTests : KeyTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}
