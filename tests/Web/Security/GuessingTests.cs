using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Web.Security;

namespace SensorDash.Web.Tests.Security;

/// <summary>Guessing passwords, and finding out which names exist.</summary>
public sealed class GuessingTests() : SecuredHub(("Security:SignInsPerMinute", "10000"), ("Security:UnknownRequestsPerMinute", "100000"))
{
    [Fact]
    public async Task WrongPassword_IsHashedOnce_WhetherTheNameExistsOrNot()
    {
        var passwords = App.Services.GetRequiredService<Passwords>();
        using var admin = await SetUpAsync();
        (await SignInAsync(new(App), "first", "wrong-password")).Dispose(); // The first try of all makes what later ones are compared with.
        var costs = new List<long>();
        foreach (var name in (string[])["nobody", AdminName, "nobody", "no such name", AdminName])
        {
            using var browser = new HubBrowser(App);
            var before = passwords.Computed;
            using var response = await SignInAsync(browser, name, "wrong-password");
            costs.Add(passwords.Computed - before);
        }

        Assert.Equal([1, 1, 1, 1, 1], costs);
    }

    [Fact]
    public async Task WrongPasswordsAtOnce_AreAllCounted_WhetherTheNameExistsOrNot()
    {
        using var admin = await SetUpAsync();
        foreach (var name in (string[])[AdminName, "nobody"])
        {
            using var browser = new HubBrowser(App);
            var token = await browser.TokenAsync("/sign-in");
            var tries = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => browser.SendAsync("/sign-in", null, token, ("name", name), ("password", "wrong-password"))));
            using var after = await SignInAsync(browser, name, AdminPassword);

            Assert.True(after.StatusCode == HttpStatusCode.TooManyRequests, $"{name}: {after.StatusCode}");
            Assert.Equal(4, tries.Count(t => t.StatusCode == HttpStatusCode.UnprocessableEntity));
            foreach (var response in tries) response.Dispose();
        }
    }

    [Fact]
    public async Task WrongPasswords_FromManyAddresses_AreCountedTogether()
    {
        using var admin = await SetUpAsync();
        var statuses = new List<HttpStatusCode>();
        for (var i = 1; i <= 6; i++)
        {
            using var browser = new HubBrowser(App);
            browser.Client.DefaultRequestHeaders.Add("X-Forwarded-For", $"192.0.2.{i}");
            using var response = await SignInAsync(browser, AdminName, i == 6 ? AdminPassword : "wrong-password");
            statuses.Add(response.StatusCode);
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.UnprocessableEntity, 4), HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], statuses);
    }

    [Theory]
    [InlineData("ADA")]
    [InlineData(" ada ")]
    [InlineData("Ada")]
    public async Task WrongPasswords_OfAnotherSpelling_AreCountedTogether(string spelling)
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        for (var i = 0; i < 5; i++) (await SignInAsync(browser, spelling, "wrong-password")).Dispose();
        using var response = await SignInAsync(browser, AdminName, AdminPassword);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
    }

    [Fact]
    public async Task OldPassword_OfAccount_IsNoPlaceToGuess()
    {
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        for (var i = 0; i < 5; i++) (await viewer.SendAsync("/account", null, ("current", "wrong-password"), ("password", "difference-engine"), ("again", "difference-engine"))).Dispose();
        using var right = await viewer.SendAsync("/account", null, ("current", PasswordOf("vera")), ("password", "difference-engine"), ("again", "difference-engine"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, right.StatusCode);
    }

    [Fact]
    public async Task LongPassword_IsRefusedWithoutAHash()
    {
        using var admin = await SetUpAsync();
        var passwords = App.Services.GetRequiredService<Passwords>();
        var before = passwords.Computed;
        using var browser = new HubBrowser(App);
        using var response = await SignInAsync(browser, AdminName, new string('x', 100_000));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal(before, passwords.Computed);
    }
}

/// <summary>The limit of sign-ins per address.</summary>
public sealed class SignInLimitTests() : SecuredHub(("Security:SignInsPerMinute", "3"))
{
    [Fact]
    public async Task SignIns_ByAnotherSpellingOfTheAddress_AreCountedTogether()
    {
        using var admin = await SetUpAsync(); // The first of three.
        using var browser = new HubBrowser(App);
        var token = await browser.TokenAsync("/sign-in");
        var statuses = new List<HttpStatusCode>();
        foreach (var path in (string[])["/sign-in/", "/Sign-In", "/sign-in/", "/%73ign-in", "/sign-in/?x=1"])
        {
            using var response = await browser.SendAsync(path, null, token, ("name", "a"), ("password", "wrong-password"));
            statuses.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity, .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 3)], statuses);
    }

    [Fact]
    public async Task SignOut_AfterTooManySignIns_IsNotRefused()
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        for (var i = 0; i < 3; i++) (await SignInAsync(browser, "a", "wrong-password")).Dispose();
        using var response = await admin.SendAsync("/sign-in", "Out", await admin.TokenAsync("/account"));

        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (response.StatusCode, response.Headers.Location?.ToString()));
    }
}
