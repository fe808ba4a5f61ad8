using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>Who loses a right does not keep what they have open.</summary>
public abstract class EndedAccessTests : SecuredHub
{
    [SkippableFact]
    public async Task RemovedUser_HasNoSessionAndNoStreamAnyMore()
    {
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/sensor-data/live");
        using var stream = await viewer.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var removed = await admin.SendAsync("/system/users?edit=vera", "Remove", ("id", "vera"), ("typedName", "vera"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Redirect), (stream.StatusCode, removed.StatusCode));
        await Assert.ThrowsAsync<HttpRequestException>(() => stream.Content.ReadAsStringAsync().WaitAsync(WaitFor.Limit));
        Assert.Equal(HttpStatusCode.Unauthorized, await viewer.StatusAsync("/api/nodes"));
    }

    [SkippableFact]
    public async Task UserOfARemovedUsersName_DoesNotInheritTheSession()
    {
        using var admin = await SetUpAsync();
        using var old = await AddUserAsync(admin, "vera", "operator");
        using (await admin.SendAsync("/system/users?edit=vera", "Remove", ("id", "vera"), ("typedName", "vera")))
        {
        }
        using var @new = await AddUserAsync(admin, "vera", "viewer");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await old.StatusAsync("/api/nodes"), await @new.StatusAsync("/api/nodes")));
    }

    [SkippableFact]
    public async Task Ticket_OfARevokedKey_OpensNothing()
    {
        using var admin = await SetUpAsync();
        using var client = ClientWith(await AddKeyAsync(admin, "reader", "read"));
        using var issued = await client.PostAsync(new Uri("/api/tickets", UriKind.Relative), null);
        var ticket = JsonDocument.Parse(await issued.Content.ReadAsStringAsync()).RootElement.GetProperty("ticket").GetString()!;
        await RevokeAsync(admin, "reader");
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => SseClient.OpenAsync(App.Address, $"/api/sensor-data/live?ticket={ticket}"));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [SkippableFact]
    public async Task Socket_OfAKey_DoesNotPassToAnotherOne()
    {
        using var admin = await SetUpAsync();
        var (first, second) = (await AddKeyAsync(admin, "reader", "read"), await AddKeyAsync(admin, "gateway", "ingest"));
        await using var socket = await SocketClient.OpenAsync(App.Address);
        await socket.AskAsync(new { type = "auth", token = first }, "authResponse");
        await socket.AskAsync(new { type = "startStream" }, "streamStarted");
        await socket.ReadAsync("caughtUp");
        var again = await socket.AskAsync(new { type = "auth", token = first }, "authResponse");
        var other = await socket.AskAsync(new { type = "auth", token = second }, "authResponse");
        await RevokeAsync(admin, "reader");
        while (await socket.TryReadAsync() is not null)
        {
        }

        Assert.Equal((true, false), (again.GetProperty("success").GetBoolean(), other.GetProperty("success").GetBoolean()));
        Assert.Equal(System.Net.WebSockets.WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
    }

    [SkippableFact]
    public async Task Body_OfARevokedKey_IsNotReadOn()
    {
        using var admin = await SetUpAsync();
        using var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = App.Address }; // That of the tests reads a body before it sends it.
        client.DefaultRequestHeaders.Authorization = new("Bearer", await AddKeyAsync(admin, "gateway", "ingest"));
        using var body = new SlowBody(App);
        var sending = client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), body);
        await await Task.WhenAny(body.Begun, sending);
        await RevokeAsync(admin, "gateway");
        body.GoOn();

        await Assert.ThrowsAsync<HttpRequestException>(() => sending.WaitAsync(WaitFor.Limit));
    }

    // Some lines, and the rest when told.
    private sealed class SlowBody : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously), _on = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly SensorDashApp _app;

        public SlowBody(SensorDashApp app)
        {
            _app = app;
            Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        }

        public Task Begun => _begun.Task;

        public void GoOn() => _on.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Lines(0));
            await stream.FlushAsync();
            // The server has read them.
            await WaitFor.TrueAsync("rows", async () => (await _app.Nodes.ListAsync(0, 1, CancellationToken.None)).Count > 0);
            _begun.SetResult();
            await _on.Task;
            await stream.WriteAsync(Lines(100_000));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        private static byte[] Lines(int first) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(first, 20_000)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{{\"node_address\":12,\"timestamp\":{Noon - i},\"temperature_celsius\":1}}\n"))));
    }
}

public sealed class SqliteEndedAccessTests : EndedAccessTests;

public sealed class TimescaleEndedAccessTests : EndedAccessTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;

    [SkippableFact]
    public async Task Change_ByAnotherProcess_TakesEffectHere()
    {
        using var admin = await SetUpAsync();
        using var operate = await AddUserAsync(admin, "otto", "operator");
        var key = await AddKeyAsync(admin, "reader", "read");
        await using var stream = await OpenStreamAsync(key);
        await using var other = new SensorDashApp([("Security:Proxies", "127.0.0.1"), ("Analytics:Enabled", "false"), .. DatabaseSettings]);
        using (other.CreateClient())
        {
        }
        using var there = new HubBrowser(other);
        using (await SignInAsync(there, AdminName, AdminPassword))
        using (await there.SendAsync("/system/users?edit=otto", "Role", ("id", "otto"), ("role", "viewer")))
        {
        }
        await RevokeAsync(there, "reader");

        await WaitFor.TrueAsync("the end of the session", async () =>
        {
            try
            {
                return await operate.StatusAsync("/api/nodes") == HttpStatusCode.Unauthorized;
            }
            catch (HttpRequestException)
            {
                return false; // A request that is open when its session ends is cut off.
            }
        });
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await stream.ReadLineAsync().WaitAsync(WaitFor.Limit) is not null)
            {
            }
        });
        using var again = new HubBrowser(App);
        using var signedIn = await SignInAsync(again, "otto", PasswordOf("otto"));
        using var added = await again.SendAsync("/zones", "Add", await again.TokenAsync("/account"), ("name", "Greenhouse"), ("color", "#3B82F6"));
        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Forbidden), (signedIn.StatusCode, added.StatusCode));
    }

    private async Task<StreamOf> OpenStreamAsync(string key)
    {
        var client = ClientWith(key);
        var response = await client.GetAsync(new Uri("/api/sensor-data/live", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new(client, await response.Content.ReadAsStreamAsync());
    }

    private sealed class StreamOf(HttpClient client, Stream stream) : StreamReader(stream), IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Dispose();
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
