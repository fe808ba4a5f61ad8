using System.Net;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Security;

namespace SensorDash.Web.Tests.Commands;

public abstract class UsersCommandTests : SecuredHub
{
    private readonly TemporaryFolder _folder = new();

    [SkippableFact]
    public async Task Add_BesideTheServer_MakesAnAdministratorWhoSignsIn()
    {
        var added = await RunAsync("add", "Ada", "--role", "admin", "--password-file", PasswordFile("analytical-engine"));
        var again = await RunAsync("add", "ada", "--role", "viewer", "--password-file", PasswordFile("analytical-engine"));
        using var browser = new HubBrowser(App);
        // The server looks every two seconds.
        await WaitFor.TrueAsync("a server that needs no set-up", async () => await PathOfAsync(browser) == "/sign-in");
        using var response = await SignInAsync(browser, "ada", "analytical-engine");

        Assert.Equal((0, "Added ada, admin.\n"), (added.ExitCode, added.Output.ReplaceLineEndings("\n")));
        Assert.Equal((1, "SensorDash: ada exists already."), (again.ExitCode, again.Errors.Trim()));
        Assert.Equal((HttpStatusCode.Redirect, "/"), (response.StatusCode, response.Headers.Location?.ToString()));
    }

    [SkippableFact]
    public async Task Reset_OfSomebodyLockedOut_SetsThePasswordAndEndsThePause()
    {
        using var admin = await SetUpAsync();
        using var browser = new HubBrowser(App);
        for (var i = 0; i < 5; i++) (await SignInAsync(browser, AdminName, "wrong-password")).Dispose();
        var reset = await RunAsync("reset", AdminName, "--password-file", PasswordFile("difference-engine"));
        using var response = await SignInAsync(browser, AdminName, "difference-engine");
        await WaitFor.TrueAsync("the end of the old session", async () => await admin.StatusAsync("/api/nodes") == HttpStatusCode.Unauthorized);

        Assert.Equal((0, ""), (reset.ExitCode, reset.Errors));
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    [SkippableFact]
    public async Task ListAndRemove_NameTheUsers_AndKeepTheLastAdministrator()
    {
        using var admin = await SetUpAsync();
        using var viewer = await AddUserAsync(admin, "vera", "viewer");
        var last = await RunAsync("remove", AdminName);
        var removed = await RunAsync("remove", "vera");
        var nobody = await RunAsync("remove", "vera");
        var list = await RunAsync("list");

        Assert.Equal((1, "SensorDash: ada is the only administrator. Add another one first."), (last.ExitCode, last.Errors.Trim()));
        Assert.Equal((0, "Removed vera."), (removed.ExitCode, removed.Output.Trim()));
        Assert.Equal((1, "SensorDash: Nobody has the name vera. 'users list' shows all."), (nobody.ExitCode, nobody.Errors.Trim()));
        Assert.Matches(@"\Aada +admin +signed in 2026-07-01 12:00Z\s*\z", list.Output);
    }

    [SkippableTheory]
    [InlineData("short", "The password must have at least 10 characters.")]
    [InlineData("", "The password is required.")]
    public async Task Add_WeakPassword_IsRefused(string password, string error)
    {
        var run = await RunAsync("add", "ada", "--role", "admin", "--password-file", PasswordFile(password));

        Assert.Equal((1, $"SensorDash: {error}"), (run.ExitCode, run.Errors.Trim()));
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM users"));
    }

    [SkippableFact]
    public async Task Add_UnknownRole_OrADatabaseThatIsNotThere_IsRefused()
    {
        var role = await RunAsync("add", "ada", "--role", "owner", "--password-file", PasswordFile("analytical-engine"));
        var missing = await ProgramRun.ToItsEndAsync(["users", "list", "--Database:Provider=Sqlite", $"--Database:Sqlite:Path={_folder.File("none.db")}"]);

        Assert.Equal(2, role.ExitCode);
        Assert.Contains("There is no database", missing.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("none.db")));
    }

    private string PasswordFile(string password)
    {
        var path = _folder.File($"{Guid.NewGuid():N}.txt");
        File.WriteAllText(path, password + "\n");
        return path;
    }

    private static async Task<string?> PathOfAsync(HubBrowser browser)
    {
        using var response = await browser.Client.GetAsync("/");
        return response.Headers.Location?.ToString();
    }

    private Task<ProgramRun> RunAsync(params string[] words)
        => ProgramRun.ToItsEndAsync(["users", .. words, .. DatabaseSettings.Select(s => $"--{s.Key}={s.Value}")]);
}

public sealed class SqliteUsersCommandTests : UsersCommandTests;

public sealed class TimescaleUsersCommandTests : UsersCommandTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}
