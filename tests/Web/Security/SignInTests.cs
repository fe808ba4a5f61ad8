using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Access;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

public abstract class SignInTests : SecuredHub
{
    [SkippableTheory]
    [InlineData("/")]
    [InlineData("/nodes/12")]
    [InlineData("/system")]
    [InlineData("/system/users")]
    [InlineData("/no-such-page")]
    public async Task Page_BeforeSetUp_LeadsThere(string path)
    {
        using var browser = new HubBrowser(App);
        using var response = await browser.Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal((HttpStatusCode.Redirect, "/set-up"), (response.StatusCode, response.Headers.Location?.ToString()));
    }

    [SkippableTheory]
    [InlineData("GET", "/api/nodes")]
    [InlineData("POST", "/api/sensor-data")]
    [InlineData("POST", "/write")]
    [InlineData("GET", "/ping")]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/openapi/v1.json")]
    [InlineData("GET", "/api/events/live")]
    [InlineData("GET", "/api/no-such-endpoint")]
    public async Task Request_WithoutAnyProof_Is401(string method, string path)
    {
        using var request = new HttpRequestMessage(new(method), path);
        using var response = await Client.SendAsync(request);

        await AssertProblemAsync(response, 401);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    [SkippableFact]
    public async Task Health_WithoutAnyProof_HasNoDetails()
    {
        Assert.Equal("""{"status":"ok","store":null,"analytics":null,"version":null}""", await Client.GetStringAsync("/health/live"));
        Assert.Equal("""{"status":"ok","store":null,"analytics":null,"version":null}""", await Client.GetStringAsync("/health/ready"));
    }

    [SkippableFact]
    public async Task SetUp_WithTheSecret_MakesTheOnlyAdministratorWithoutIt()
    {
        using var browser = new HubBrowser(App);
        using (var wrong = await browser.SendAsync("/set-up", null, ("secret", "xxxxx-xxxxx-xxxxx-xxxxx-xxxxx"), ("name", "eve"), ("password", AdminPassword), ("again", AdminPassword)))
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        using var admin = await SetUpAsync();
        using var late = new HubBrowser(App);
        using var second = await late.Client.GetAsync("/set-up");

        Assert.Equal(HttpStatusCode.OK, await admin.StatusAsync("/system/users"));
        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (second.StatusCode, second.Headers.Location?.ToString()));
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM users"));
    }

    [SkippableTheory]
    [InlineData("short", "short", "at least 10")]
    [InlineData("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "different characters")]
    [InlineData("ada-is-here", "ada-is-here", "must not be the name")]
    [InlineData("analytical-engine", "analytical-engines", "the same password")]
    public async Task SetUp_WeakOrDifferentPassword_IsRefused(string password, string again, string error)
    {
        using var browser = new HubBrowser(App);
        using var response = await browser.SendAsync("/set-up", null, ("secret", await ReadSecretAsync()), ("name", AdminName), ("password", password), ("again", again));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains(error, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM users"));
    }

    [SkippableFact]
    public async Task SignIn_FifthWrongPassword_PausesTheNameForAMinute_WhetherItExistsOrNot()
    {
        using var admin = await SetUpAsync();
        foreach (var name in (string[])[AdminName, "nobody"])
        {
            using var browser = new HubBrowser(App);
            for (var left = 4; left > 0; left--)
            {
                using var wrong = await SignInAsync(browser, name, "wrong-password");
                Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
                Assert.Contains($"{left} more tr", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
            using var fifth = await SignInAsync(browser, name, "wrong-password");
            using var right = await SignInAsync(browser, name, AdminPassword);

            Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (fifth.StatusCode, right.StatusCode));
            Assert.Equal(TimeSpan.FromSeconds(60), right.Headers.RetryAfter?.Delta);
        }
        App.Clock.Advance(TimeSpan.FromSeconds(61));
        using var later = new HubBrowser(App);
        using var again = await SignInAsync(later, AdminName, AdminPassword);

        Assert.Equal(HttpStatusCode.Redirect, again.StatusCode);
    }

    [SkippableFact]
    public async Task SignOut_EndsTheSessionAlsoForACopyOfItsCookie()
    {
        using var admin = await SetUpAsync();
        var stolen = admin.Cookies;
        using (var response = await admin.SendAsync("/system/users", null)) Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        var token = await admin.TokenAsync("/");
        using var signedOut = await admin.SendAsync("/sign-in", "Out", token);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/nodes");
        request.Headers.Add("Cookie", stolen);
        using var bare = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = App.Address };
        using var copied = await bare.SendAsync(request);

        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (signedOut.StatusCode, signedOut.Headers.Location?.ToString()));
        Assert.Equal(HttpStatusCode.Unauthorized, copied.StatusCode);
    }

    [SkippableFact]
    public async Task SignIn_WithAPlantedCookie_StartsASessionOfItsOwn()
    {
        using var admin = await SetUpAsync();
        var before = admin.AllCookies["sensordash-session"]!.Value;
        using var again = await admin.SendAsync("/account", null, ("current", AdminPassword), ("password", "difference-engine"), ("again", "difference-engine"));
        using var signedOut = await admin.SendAsync("/sign-in", "Out", await admin.TokenAsync("/account"));
        using var response = await SignInAsync(admin, AdminName, "difference-engine");

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.NotEqual(before, admin.AllCookies["sensordash-session"]!.Value);
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM sessions"));
    }

    [SkippableFact]
    public async Task Session_AfterADay_HasEnded()
    {
        using var admin = await SetUpAsync();
        App.Clock.Advance(TimeSpan.FromHours(23));
        var before = await admin.StatusAsync("/api/nodes");
        App.Clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (before, await admin.StatusAsync("/api/nodes")));
    }

    [SkippableTheory]
    [InlineData("/analytics?range=7d", "/analytics?range=7d")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    public async Task SignIn_ReturnsToPagesOfThisServerOnly(string target, string expected)
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        using var response = await browser.SendAsync($"/sign-in?return={Uri.EscapeDataString(target)}", null, ("name", AdminName), ("password", AdminPassword));

        Assert.Equal((HttpStatusCode.Redirect, expected), (response.StatusCode, response.Headers.Location?.ToString()));
    }

    [SkippableFact]
    public async Task Cookies_AreClosedToScriptsAndOtherSites()
    {
        using var browser = new HubBrowser(App);
        using var response = await browser.SendAsync("/set-up", null, ("secret", await ReadSecretAsync()), ("name", AdminName), ("password", AdminPassword), ("again", AdminPassword));
        var cookie = response.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("sensordash-session=", StringComparison.Ordinal));

        Assert.Contains("; samesite=lax; httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", cookie, StringComparison.Ordinal); // Plain http.
        Assert.DoesNotContain("expires", cookie, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Cookie_OfHttpsThroughAProxy_IsSecure()
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        browser.Client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        var token = await browser.TokenAsync("/sign-in");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in")
        {
            Content = new FormUrlEncodedContent([new("name", AdminName), new("password", AdminPassword), new("__RequestVerificationToken", token)]),
        };
        // As a browser would, and .NET's container does not over http.
        request.Headers.Add("Cookie", string.Join("; ", browser.AllCookies.Select(c => $"{c.Name}={c.Value}")));
        using var bare = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = App.Address };
        bare.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        using var response = await bare.SendAsync(request);

        Assert.Contains("; secure;", response.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("sensordash-session=", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Password_OfAResetUser_EndsTheSessions()
    {
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        using var reset = await admin.SendAsync("/system/users?edit=vera", "Reset", ("id", "vera"), ("newPassword", "another-password"));
        using var other = new HubBrowser(App);
        using var withOld = await SignInAsync(other, "vera", PasswordOf("vera"));
        using var withNew = await SignInAsync(other, "vera", "another-password");

        Assert.Equal(HttpStatusCode.Unauthorized, await viewer.StatusAsync("/api/nodes"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.Redirect), (withOld.StatusCode, withNew.StatusCode));
    }

    [SkippableFact]
    public async Task LastAdministrator_KeepsTheRole_AndCannotBeRemoved()
    {
        using var admin = await SetUpAsync();
        using var demoted = await admin.SendAsync("/system/users?edit=ada", "Role", ("id", AdminName), ("role", "viewer"));
        using var removed = await admin.SendAsync("/system/users?edit=ada", "Remove", ("id", AdminName), ("typedName", AdminName));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (demoted.StatusCode, removed.StatusCode));
        Assert.Equal(HttpStatusCode.OK, await admin.StatusAsync("/system/users"));
    }

    [SkippableFact]
    public async Task AuditLog_HasSignInsUsersAndKeys_WithTheirActors()
    {
        using (var stranger = new HubBrowser(App))
            (await stranger.SendAsync("/set-up", null, ("secret", "x"), ("name", "eve"), ("password", AdminPassword), ("again", AdminPassword))).Dispose();
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        using (var stranger = new HubBrowser(App)) (await SignInAsync(stranger, "nobody", "wrong-password")).Dispose();
        await AddKeyAsync(admin, "gateway", "ingest", nodes: "12");
        await RevokeAsync(admin, "gateway");
        (await admin.SendAsync("/system/users?edit=vera", "Role", ("id", "vera"), ("role", "operator"))).Dispose();
        (await admin.SendAsync("/system/users?edit=vera", "Remove", ("id", "vera"), ("typedName", "vera"))).Dispose();
        var page = await App.Services.GetRequiredService<AuditLog>().ReadAsync(new(100), CancellationToken.None);
        var entries = page.Entries.Where(e => e.Action is not (AuditAction.ProgramStart or AuditAction.SettingsChange)).Reverse()
            .Select(e => $"{e.Actor} {e.Action} {e.Target?.Split('_')[0]} {e.Outcome}").ToArray();

        Assert.Equal([
            "not signed in set_up eve Refused", "ada set_up ada Done", "ada user.add vera Done", "vera sign_in vera Done", "not signed in sign_in nobody Refused",
            "ada key.add key gateway, sd Done", "ada key.revoke key gateway, sd Done", "ada user.role vera Done", "ada user.remove vera Done"], entries);
        Assert.DoesNotContain(page.Entries, e => e.Detail?.Contains("password-", StringComparison.Ordinal) == true);
        Assert.All(page.Entries.Where(e => e.Actor == "ada"), e => Assert.Equal("127.0.0.1", e.Address));
    }

    [SkippableFact]
    public async Task Pages_ShowOnlyWhatTheRoleMayDo()
    {
        await StoreAsync(Some.Reading());
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        using var operate = await AddUserAsync(admin, "otto", "operator");
        foreach (var (browser, edits, deletes) in ((HubBrowser, bool, bool)[])[(viewer, false, false), (operate, true, false), (admin, true, true)])
        {
            var (node, zones, system) = (await browser.PageAsync("/nodes/12"), await browser.PageAsync("/zones"), await browser.PageAsync("/system"));
            Assert.Equal((edits, edits), (node.Contains("handler=Edit", StringComparison.Ordinal), zones.Contains("Add zone", StringComparison.Ordinal)));
            Assert.Equal((deletes, deletes), (node.Contains("handler=Delete", StringComparison.Ordinal), system.Contains("/nodes/delete", StringComparison.Ordinal)));
            Assert.Equal((deletes, deletes, deletes), (system.Contains("/system/move", StringComparison.Ordinal), system.Contains("/system/users", StringComparison.Ordinal), system.Contains("/system/keys", StringComparison.Ordinal)));
        }
    }

    [SkippableFact]
    public async Task Viewer_ReadsAndChangesNothing_OperatorEdits_NeitherManagesUsers()
    {
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        using var operate = await AddUserAsync(admin, "otto", "operator");
        async Task<HttpStatusCode> AddZoneAsync(HubBrowser browser)
        {
            using var response = await browser.SendAsync("/zones", "Add", await browser.TokenAsync("/account"), ("name", "Greenhouse"), ("color", "#3B82F6"));
            return response.StatusCode;
        }

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await viewer.StatusAsync("/"), await operate.StatusAsync("/")));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Redirect), (await AddZoneAsync(viewer), await AddZoneAsync(operate)));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (await viewer.StatusAsync("/system/users"), await operate.StatusAsync("/system/users")));
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM zones"));
    }
}

public sealed class SqliteSignInTests : SignInTests;

public sealed class TimescaleSignInTests : SignInTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}
