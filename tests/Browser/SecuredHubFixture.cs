using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>A hub on which people sign in: behind a proxy, because tests listen on the loopback only.</summary>
public class SecuredHubFixture : BrowserFixture
{
    public const string Admin = "ada", Password = "analytical-engine";

    protected override (string Name, string Value)[] Settings => [("Security__Proxies", "127.0.0.1"), ("Security__SignInsPerMinute", "1000")];

    /// <summary>Makes the administrator; the page is signed in afterwards.</summary>
    public async Task SetUpAsync(IPage page)
    {
        await page.GotoAsync("/");
        await Expect(page).ToHaveURLAsync(Address + "/set-up");
        await page.GetByLabel("One-time secret").FillAsync(await SecretAsync());
        await page.GetByLabel("Name").FillAsync(Admin);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await page.GetByLabel("Password, again").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create administrator" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Address + "/");
    }

    /// <summary>Signs in on the page that is shown.</summary>
    public static async Task SignInAsync(IPage page, string name, string password)
    {
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}

/// <summary>The same on a database of the test server.</summary>
public sealed class TimescaleSecuredHub : SecuredHubFixture
{
    private TimescaleStoreFixture? _database;

    protected override (string Name, string Value)[] Settings => [.. base.Settings, .. _database!.ProgramEnvironment];

    public override async Task InitializeAsync()
    {
        _database = await TimescaleStoreFixture.CreateAsync(Data.Timescale.TimescaleEdition.Apache);
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }
}
